import { dirname, join } from "node:path";
import { runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { BUILD_TIMEOUT_MS, findGo } from "./go-build.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { findCommand, isExecutableFile } from "./platform.mjs";
import { downloadPulumi, downloadedPulumi } from "./pulumi-download.mjs";
import { buildMinutes, buildPulumi, builtPulumi } from "./pulumi-from-source.mjs";
import { isAtLeast } from "./version.mjs";

/** First release whose engine speaks the provider protocol as this project's tests saw it. */
const OLDEST_VERSION = [3, 200, 0];

/** @type {import("./step.mjs").Step} */
export const pulumiCli = {
  title: "Pulumi CLI",
  profiles: ["quickstart", "test", "languages", "scale"],
  needs: [],
  async forecast({ cache, env }) {
    if ((await installedPulumi(env, () => undefined)) ?? downloadedPulumi(cache) ?? builtPulumi(cache))
      return undefined;
    return `not on this machine: downloaded in about a minute, or, where https://get.pulumi.com does not answer, built from source in ${buildMinutes()} minutes. It is kept: later runs take seconds`;
  },
  async run(context) {
    const { root, cache, check, env, note } = context;
    // The engine looks for the dynamic provider's launcher on PATH, and npm leaves it in the package's own folder.
    const launcher = join(root, "node_modules", "@pulumi", "pulumi");
    const variables = {
      // A home of its own: the user's login, plugins and templates stay as they are.
      PULUMI_HOME: join(cache.root, "pulumi-home"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    const found = await installedPulumi(env, note);
    if (found !== undefined)
      return { chose: `${found.version} on PATH (${found.folder})`, path: [launcher], env: variables };

    /** @param {{ folder: string, version: string, how: string }} pulumi */
    const chosen = ({ folder, version, how }) => ({
      chose: `${version} ${how} (${folder})`,
      path: [folder, launcher],
      env: variables,
    });
    const cached = downloadedPulumi(cache) ?? builtPulumi(cache);
    if (cached !== undefined) return chosen(cached);
    if (check) throw await missing(context);
    return withLock(
      join(cache.root, "locks", "pulumi"),
      {
        timeoutMs: BUILD_TIMEOUT_MS,
        signal: context.signal,
        onWait: (pid) => note(`process ${pid} is at it, waiting for it`),
      },
      async () => chosen(builtPulumi(cache) ?? (await downloadPulumi(context)) ?? (await buildPulumi(context))),
    );
  },
};

/**
 * The CLI on PATH, when it is new enough and finds its Node language host.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {(text: string) => void} note
 */
async function installedPulumi(env, note) {
  const pulumi = findCommand("pulumi", env);
  if (pulumi === undefined) return undefined;
  const { stdout } = await runCommand(pulumi, ["version"], {
    env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    timeoutMs: 30_000,
  });
  const version = stdout.trim().replace(/^v/, "");
  if (!isRecentEnough(version)) {
    note(
      `not the one on PATH (${pulumi}): its version is "${version}", ${OLDEST_VERSION.join(".")} or newer is needed`,
    );
    return undefined;
  }
  const folder = dirname(pulumi);
  const host = "pulumi-language-nodejs";
  if (!isExecutableFile(join(folder, host)) && findCommand(host, env) === undefined) {
    note(`not the one on PATH (${pulumi}): it has no ${host} beside it or on PATH`);
    return undefined;
  }
  return { version, folder };
}

/** @param {string} version e.g. `3.258.0`, `3.259.0-alpha.1` */
export function isRecentEnough(version) {
  const numbers = version.split(/[.+-]/).slice(0, 3).map(Number);
  return numbers.length === 3 && !numbers.some(Number.isNaN) && isAtLeast(numbers, OLDEST_VERSION);
}

/** @param {import("./step.mjs").StepContext} context */
async function missing({ env, platform }) {
  const go = await findGo(env);
  const plan = go.isUsable
    ? `set-up downloads it, or else builds it with Go ${go.version} (once, ${buildMinutes()} minutes)`
    : `set-up tries to download it; it cannot build it: ${go.reason}`;
  return new SetupError("NO_PULUMI", `no Pulumi CLI on PATH or in the cache; ${plan}`, {
    install: installHint("pulumi", platform),
  });
}
