"""What schemathesis cannot know: which things exist, and which image a build can start from without a network."""

import itertools
import json
import os

import schemathesis

# Names and ids that exist at the start, by path parameter: {"ref": ["local/web", ...], ...}.
KNOWN = json.loads(os.environ["NULLSPACE_FUZZ_KNOWN"])
BASE_IMAGE = os.environ["NULLSPACE_BASE_IMAGE"]
# No registry listens there: a build from it fails at once.
NO_IMAGE = "localhost:1/none"
# Builds that run to their end take seconds; so do few of them.
REAL_BUILD_EVERY = 40

calls = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(calls)
    kind = "pool" if case.path.startswith("/v1/template-warm-pools") else "machine"
    for name in case.path_parameters or {}:
        known = KNOWN.get(kind if name == "id" else name)
        # Half of the calls are about something that exists, which deletions keep for others to come.
        if known and number % 2 == 0 and case.method != "DELETE":
            case.path_parameters[name] = known[number // 2 % len(known)]
    body = case.body
    if not isinstance(body, dict):
        return
    if isinstance(body.get("base_image"), str):
        body["base_image"] = BASE_IMAGE if number % REAL_BUILD_EVERY == 0 else NO_IMAGE
        body.pop("base_image_auth", None)
        body.pop("registry_auth", None)
    if isinstance(body.get("template_ref"), str) and number % 2 == 0:
        body["template_ref"] = KNOWN["ref"][0]
