/** Starts a service, says its id, and leaves it behind if told so; else it waits to be killed. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startServiceProcess } from "../../../../scripts/quickstart/local-service.ts";

const folder = process.argv[2] ?? "";
mkdirSync(folder);
const service = await startServiceProcess({
  node: [join(import.meta.dirname, "service.ts")],
  dataDir: join(folder, "data"),
  logFile: join(folder, "log"),
  env: process.env,
});
console.log(service.pid);
if (process.argv[3] === "detach") await service.detach();
