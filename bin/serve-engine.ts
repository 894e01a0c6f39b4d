import { serve } from "../provider/plugin/index.ts";
import { packageVersion } from "../sdk/client/version.ts";

/** Between two looks whether the engine that started us is still there. */
const PARENT_CHECK_MS = 2_000;

/**
 * Serves the engine that has started this process, until it goes.
 *
 * @param args flags of the engine's own logging, then its address: `[--logtostderr] [-v=9] [--tracing URL] host:port`; or
 *   `--version`, which people and scripts ask a plugin for: it is printed, and nothing served
 */
export async function serveEngine(args: readonly string[]): Promise<void> {
  if (args.includes("--version")) {
    process.stdout.write(`${packageVersion()}\n`);
    return;
  }
  const engineAddress = args.findLast((argument) => /^[^-\s][^\s]*:\d+$/.test(argument)) ?? "";
  const plugin = await serve({ engineAddress, cwd: process.cwd() });

  const end = () => void plugin.close().then(() => process.exit(0));
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  if (engineAddress !== "") {
    // An engine that was killed cannot tell: we become another process' child.
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) end();
    }, PARENT_CHECK_MS).unref();
  }

  // The first line tells the engine where to call.
  process.stdout.write(`${plugin.port}\n`);
}
