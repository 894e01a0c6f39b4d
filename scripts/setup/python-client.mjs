import { join } from "node:path";
import { baseImage } from "./base-image.mjs";
import { pythonEnvironment } from "./python-environment.mjs";

/** What the contract tests drive and compare with. */
const REQUIREMENTS = [
  "nullspace-sdk==1.0.3",
  "docker==7.2.0",
  "pathspec==1.1.1",
  "openapi-spec-validator==0.9.0",
  "schemathesis==4.32.5",
  // What schemathesis draws from: another version draws other examples from the same seed.
  "hypothesis==6.170.15",
  // Its parser reads the service's figures.
  "prometheus-client==0.26.0",
];

/** @type {import("./step.mjs").Step} */
export const pythonClient = {
  title: "Python client",
  profiles: ["test", "modern"],
  needs: [baseImage],
  async run(context) {
    const home = await pythonEnvironment(context, REQUIREMENTS, "NO_PYTHON_CLIENT");
    return {
      chose: `${REQUIREMENTS.join(", ")} in ${home}`,
      env: { NULLSPACE_PYTHON: join(home, "bin", "python") },
    };
  },
};
