import { ensurePackages } from "./debian-packages.mjs";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { findCommand, isExecutableFile } from "./platform.mjs";
import { testCommands } from "./test-tools.mjs";

/** What the browser is called, by system. */
const COMMANDS = ["chromium", "chromium-browser", "google-chrome"];

/** Without a font there is nothing to read. */
const PACKAGES = ["chromium", "fonts-dejavu-core"];

/**
 * The program of a Chromium: the one that `CHROMIUM` names, else the first on PATH.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function findChromium(env) {
  const given = env["CHROMIUM"];
  if (given !== undefined && isExecutableFile(given)) return given;
  return COMMANDS.map((command) => findCommand(command, env)).find((path) => path !== undefined);
}

/**
 * The browser in which the page of the service is tested.
 *
 * @type {import("./step.mjs").Step}
 */
export const chromium = {
  title: "browser",
  profiles: ["test"],
  needs: [testCommands],
  async run(context) {
    const { env, platform, check } = context;
    if (findChromium(env) === undefined && platform.canInstallPackages && !check)
      await ensurePackages(PACKAGES, context);
    const path = findChromium(env);
    if (path === undefined) {
      throw new SetupError("NO_CHROMIUM", "Chromium, in which the page of the service is tested, is not on PATH", {
        install: installHint("chromium", platform),
      });
    }
    return { chose: path, env: { CHROMIUM: path } };
  },
};
