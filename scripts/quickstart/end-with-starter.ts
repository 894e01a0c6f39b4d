/**
 * Loaded into a service (`node --import`) that has a group of its own, so that no Ctrl-C reaches it: ends it once whoever started it
 * has ended, however that came about. Its standard input tells: the system closes it with the starter, unless that has said before
 * that the service stays.
 */
import { isMainThread } from "node:worker_threads";

/** Said by a starter that leaves the service behind. */
const STAY = "stay";

if (isMainThread) {
  let said = "";
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (text: string) => (said += text));
  process.stdin.once("close", () => {
    if (said !== STAY) process.kill(process.pid, "SIGTERM");
  });
  // Alone, it keeps no process that is done.
  if ("unref" in process.stdin) process.stdin.unref();
}
