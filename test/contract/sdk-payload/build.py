"""Runs the published client's programs against a recorder. Arguments: base URL, file with [{python, options}]."""

import json
import sys

import nullspace as ns
from nullspace import Template as T

base_url, programs = sys.argv[1:]
with open(programs, encoding="utf-8") as handle:
    for index, program in enumerate(json.load(handle)):
        builder = eval(program["python"], {"T": T, "ns": ns})
        options = eval(f"dict({program['options']})", {})
        # The recorder files what it gets under the name of the API key.
        connection = {"api_key": f"program-{index}", "base_url": base_url}
        T.build_in_background(builder, name="web", **options, **connection).close()
        T.validate(builder, name="web", **{k: v for k, v in options.items() if k != "disk_mb"}, **connection)
        inspected = T.inspect_build_context(builder, name="web")
        dockerfile = builder.to_dockerfile()
        print(json.dumps({"json": builder.to_json(name="web", alias="w"), "inspected": inspected, "dockerfile": dockerfile}))

# Last of all what there is to write programs with.
print(json.dumps([name for name in dir(T) if name[0] != "_"] + [name for name in ns.__all__ if name.startswith("wait_for")]))
