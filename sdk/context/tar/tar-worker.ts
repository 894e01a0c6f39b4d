import { parentPort, workerData } from "node:worker_threads";
import { toThreadError } from "../walk/thread-message.ts";
import { packContext } from "./pack.ts";
import { PieceWriter } from "./piece-writer.ts";
import type { TarJob, TarMessage } from "./tar-job.ts";

// The thread that packs a tar. It runs ahead of the reader by as many pieces as it has credit for, and then waits.

const job = workerData as TarJob;

function say(message: TarMessage, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer);
}

function spendCredit(): void {
  while (Atomics.load(job.credit, 0) <= 0) Atomics.wait(job.credit, 0, 0);
  Atomics.sub(job.credit, 0, 1);
}

try {
  const writer = new PieceWriter((bytes) => {
    spendCredit();
    say({ type: "piece", bytes }, [bytes.buffer]);
  });
  packContext(job, writer);
  say({ type: "end" });
} catch (error) {
  say({ type: "failed", error: toThreadError(error) });
}
