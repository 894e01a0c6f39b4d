import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { NullspaceClient } from "../../../../sdk/client/index.ts";

const COMMAND = fileURLToPath(new URL("../../../../service/bin/nullspace-local.ts", import.meta.url));

/**
 * `nullspace-local serve` without an engine, as a process of its own: one that can lose its power, or run on another disk.
 *
 * @param shown key that an earlier start on the data has shown; absent: this is the first one, which shows it
 */
export async function serve(data: string, env: Record<string, string>, shown?: string) {
  const flags = ["--conditions=nullspace-source", "--disable-warning=ExperimentalWarning", COMMAND];
  const engine = `unix://${join(dirname(data), "no-engine.sock")}`;
  const child = spawn(process.execPath, [...flags, "serve", "--port", "0", "--data", data], {
    env: { ...process.env, DOCKER_HOST: engine, ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const values = new Map(shown === undefined ? [] : [["NULLSPACE_API_KEY", shown]]);
  for await (const line of createInterface({ input: child.stdout })) {
    const at = line.indexOf("=");
    values.set(line.slice(0, at), line.slice(at + 1));
    if (values.size === 2) break;
  }
  const [baseUrl, apiKey] = [values.get("NULLSPACE_API_URL")!, values.get("NULLSPACE_API_KEY")!];
  const client = new NullspaceClient({ baseUrl, apiKey, env: {}, maxRetries: 0 });
  return {
    client,
    url: baseUrl,
    apiKey,
    async end(signal: NodeJS.Signals) {
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
      await client.close();
    },
  };
}
