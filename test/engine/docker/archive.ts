import { spawn } from "node:child_process";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

/** A tar archive of the given files. */
export async function tar(files: Record<string, string>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export const bzip2 = (data: Buffer) => filter("bzip2", data);
export const xz = (data: Buffer) => filter("xz", data);

async function filter(command: string, data: Buffer): Promise<Buffer> {
  const child = spawn(command, ["-c"], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(data);
  const [output] = await Promise.all([buffer(child.stdout), once(child, "exit")]);
  return output;
}
