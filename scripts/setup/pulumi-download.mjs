import { join } from "node:path";
import { describeFailure, runCommand } from "./command.mjs";
import { findCommand, isExecutableFile } from "./platform.mjs";
import { forgetFailure, recallFailure, rememberFailure } from "./tool-cache.mjs";

/** Version of the npm package `pulumi`, which is the version of the CLI that it downloads at first use. */
export const VERSION = "3.265.0";

/** Where the network lets nothing through the download hangs rather than fails. */
const QUIET_TIMEOUT_MS = 20_000;

/** An archive of about 150 MB on a slow line, once the download has begun. */
const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;

const FAILURE = "pulumi-download";

/** @param {import("./tool-cache.mjs").ToolCache} cache */
function home(cache) {
  return join(cache.root, "pulumi", "downloaded");
}

/**
 * @param {import("./tool-cache.mjs").ToolCache} cache
 * @returns {{ folder: string, version: string, how: string } | undefined}
 */
export function downloadedPulumi(cache) {
  const folder = join(home(cache), "versions", VERSION, "bin");
  const isThere = isExecutableFile(join(folder, "pulumi")) && isExecutableFile(join(folder, "pulumi-language-nodejs"));
  return isThere ? { folder, version: VERSION, how: "downloaded by the npm package pulumi" } : undefined;
}

/**
 * Lets the npm package `pulumi` download the official CLI.
 *
 * @param {import("./step.mjs").StepContext} context
 * @returns {Promise<{ folder: string, version: string, how: string } | undefined>} `undefined` when it is not available that way
 */
export async function downloadPulumi({ cache, env, note, signal }) {
  const failure = recallFailure(cache, FAILURE);
  if (failure !== undefined) {
    note(`not downloaded: that failed less than a day ago (${failure})`);
    return undefined;
  }
  const npm = findCommand("npm", env);
  const reason = npm === undefined ? "npm is not on PATH" : await download(npm, { cache, env, note, signal });
  const downloaded = downloadedPulumi(cache);
  if (downloaded !== undefined) {
    forgetFailure(cache, FAILURE);
    return downloaded;
  }
  const brief = (reason ?? "it left no pulumi and pulumi-language-nodejs").split("\n").at(-1) ?? "";
  rememberFailure(cache, FAILURE, brief);
  note(`not downloaded: ${brief}`);
  return undefined;
}

/**
 * @param {string} npm
 * @param {Pick<import("./step.mjs").StepContext, "cache" | "env" | "note" | "signal">} context
 * @returns {Promise<string | undefined>} why it failed
 */
async function download(npm, { cache, env, note, signal }) {
  if (!(await canReachDownloads(signal))) return "https://get.pulumi.com cannot be reached";
  note(`downloading ${VERSION} from https://get.pulumi.com`);
  const result = await runCommand(npm, ["exec", "--yes", `--package=pulumi@${VERSION}`, "--", "pulumi", "version"], {
    cwd: cache.root,
    env: { ...env, PULUMI_HOME: home(cache), PULUMI_VERSION: VERSION, PULUMI_SKIP_UPDATE_CHECK: "true" },
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
    signal,
  });
  return result.code === 0 ? undefined : describeFailure(result);
}

/** @param {AbortSignal | undefined} signal */
async function canReachDownloads(signal) {
  const patience = AbortSignal.timeout(QUIET_TIMEOUT_MS);
  try {
    const response = await fetch("https://get.pulumi.com/install.sh", {
      method: "HEAD",
      signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
    });
    return response.ok;
  } catch {
    signal?.throwIfAborted();
    return false; // Any other failure means the same: no download from here.
  }
}
