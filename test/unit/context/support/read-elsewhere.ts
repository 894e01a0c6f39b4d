import { execFile } from "node:child_process";
import { promisify } from "node:util";

const SCRIPT = `
  import { readContext } from "pulumi-nullspace/context";
  const [dir, folder] = process.argv.slice(1);
  const context = await readContext({ dir, dockerfile: false, statCache: { folder } });
  console.log(JSON.stringify({ hash: context.hash, filesRead: context.filesRead }));
`;

/** Reads a context in a process of its own, with a folder of stat caches. */
export async function readElsewhere(dir: string, folder: string): Promise<{ hash: string; filesRead: number }> {
  const args = ["--conditions=nullspace-source", "--input-type=module", "-e", SCRIPT, dir, folder];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  return JSON.parse(stdout) as { hash: string; filesRead: number };
}
