import { parentPort, workerData } from "node:worker_threads";
import { BARE_CALLS } from "./bare-calls.ts";

parentPort!.on("message", (call: keyof typeof BARE_CALLS) => {
  BARE_CALLS[call](workerData as string[]);
  parentPort!.postMessage("done");
});
