import { pythonEnvironment } from "./python-environment.mjs";

/** What programs with the generated SDK run on, and what makes packages of it. */
const REQUIREMENTS = ["pulumi==3.272.0", "parver==0.5", "build==1.3.0", "setuptools==80.9.0", "wheel==0.45.1"];

/** @type {import("./step.mjs").Step} */
export const pulumiPython = {
  title: "Pulumi for Python",
  profiles: ["sdks", "languages"],
  async run(context) {
    const home = await pythonEnvironment(context, REQUIREMENTS, "NO_PULUMI_PYTHON");
    return { chose: `${REQUIREMENTS.join(", ")} in ${home}`, env: { NULLSPACE_PULUMI_PYTHON: home } };
  },
};
