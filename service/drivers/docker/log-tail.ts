import { StringDecoder } from "node:string_decoder";
import type { DockerEngine } from "pulumi-nullspace/docker";

/** Lines of a main process that an error quotes. */
const TAIL_LINES = 20;

/** A quoted line ends here. */
const MAX_LINE_CHARACTERS = 500;

/** The last lines that the main process of a container wrote, oldest first. */
export async function readLogTail(engine: DockerEngine, containerId: string, signal?: AbortSignal): Promise<string[]> {
  const decoder = new StringDecoder("utf8");
  let text = "";
  for await (const { data } of engine.containers.logs(containerId, { tail: TAIL_LINES, signal })) {
    text += decoder.write(data);
  }
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  return lines.slice(-TAIL_LINES).map((line) => line.slice(0, MAX_LINE_CHARACTERS));
}
