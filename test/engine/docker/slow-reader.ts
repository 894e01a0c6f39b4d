/**
 * A program that reads a build's progress slowly, and tells what memory that took: started by slow-reader.test.ts as
 * `node slow-reader.ts <engine> <dockerfile>`. It reads up to the first line, waits for a word on standard input, reads the
 * rest, and prints its facts as JSON.
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { DockerEngine } from "../../../sdk/docker/index.ts";

const [host = "", fileobj = ""] = process.argv.slice(2);
const engine = new DockerEngine({ host, env: {} });
const build = engine.build({ fileobj, builder: "classic", noCache: true });
const progress = build[Symbol.asyncIterator]();
let logs = 0;
for (let one = await progress.next(); !one.done; one = await progress.next()) {
  if (one.value.kind !== "log") continue;
  if (++logs === 1) {
    console.log("begun");
    await once(process.stdin, "data");
    process.stdin.destroy();
  }
  // Slower than it could be: the others of this loop go first.
  if (logs % 16 === 0) await setImmediate();
}
const { imageId } = await build.done;
await engine.images.remove(imageId);
await engine.close();
// The most that this process ever had, in kB (proc(5)).
const peak = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile("/proc/self/status", "utf8"));
console.log(JSON.stringify({ logs, peakBytes: Number(peak?.[1]) * 1024 }));
