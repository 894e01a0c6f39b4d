import { spawn } from "node:child_process";
import type { ContextOptions } from "../../../../sdk/context/index.ts";

/**
 * Reads contexts, one after the other, as somebody whom permissions bind. Root reads everything, so the walk runs without the
 * capabilities that let it. Not as another user: that one could not reach a Node or a clone in root's own folder.
 *
 * @returns a line for each: `read` and the paths of its entries, or the error's code and path
 */
export async function readUnprivileged(readings: readonly ContextOptions[]): Promise<string[]> {
  const module = new URL("../../../../sdk/context/index.ts", import.meta.url).href;
  const program = `import(${JSON.stringify(module)}).then(async ({ readContext }) => {
    for (const options of ${JSON.stringify(readings)}) await readContext(options)
      .then(({ entries }) => console.log("read", ...entries.map(({ path }) => path)), (error) => console.log(error.code, error.path));
  });`;
  const caps = "-dac_override,-dac_read_search";
  const asRoot = process.getuid?.() === 0 ? ["setpriv", `--bounding-set=${caps}`, `--inh-caps=${caps}`] : [];
  const [command = "", ...args] = [...asRoot, process.execPath, "--input-type=module", "-e", program];
  const child = spawn(command, args, { cwd: "/", stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((resolve) => child.on("close", resolve));
  return output.trimEnd().split("\n");
}
