import { StringDecoder } from "node:string_decoder";
import type { DockerEngine } from "pulumi-nullspace/docker";
import { lastLines, TAIL_LINES } from "../log-tail.ts";

/** The last lines that the main process of a container wrote, oldest first. */
export async function readLogTail(engine: DockerEngine, containerId: string, signal?: AbortSignal): Promise<string[]> {
  const decoder = new StringDecoder("utf8");
  let text = "";
  for await (const { data } of engine.containers.logs(containerId, { tail: TAIL_LINES, signal })) {
    text += decoder.write(data);
  }
  return lastLines(text);
}
