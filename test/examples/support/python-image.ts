import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../../scripts/quickstart/command.ts";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { baseImage } from "../../e2e/support/service.ts";

const LAY_OUT = fileURLToPath(new URL("python-image/lay_out.py", import.meta.url));

/** An image on the tests' engine, removed at the end. */
export interface PythonImage extends AsyncDisposable {
  name: string;
}

/**
 * What stands in for `python:3.12-slim` where there is no internet: the machine's own Python with its pip on the tests' base
 * image. pip is real, and finds one package, a stand-in for tabulate; `apt-get` is a stand-in, too, that writes down in
 * `/var/log/apt-get.log` what it is asked for.
 */
export async function buildPythonImage(): Promise<PythonImage> {
  const python = process.env.NULLSPACE_PYTHON;
  if (!python) throw new Error("NULLSPACE_PYTHON is not set: start the tests with `npm test`");
  const name = `nullspace-test-python-${randomBytes(4).toString("hex")}:1`;
  const dir = mkdtempSync(join(tmpdir(), "nullspace-python-image-"));
  const engine = new DockerEngine();
  try {
    await run(python, [LAY_OUT, dir]);
    // Unlike any image before it, so that nothing built on it comes from the cache of an earlier run.
    writeFileSync(join(dir, "made-for"), name);
    const pip = "PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1";
    const dockerfileContent = `FROM ${baseImage()}\nCOPY . /\nENV ${pip}\n`;
    await engine.build({ path: dir, dockerfileContent, tags: name }).done;
  } finally {
    rmSync(dir, { recursive: true });
    await engine.close();
  }
  return {
    name,
    async [Symbol.asyncDispose]() {
      const own = new DockerEngine();
      await own.images.remove(name, { force: true });
      await own.close();
    },
  };
}
