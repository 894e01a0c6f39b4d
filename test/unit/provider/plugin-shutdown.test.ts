import { once } from "node:events";
import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import { serve } from "../../../provider/plugin/index.ts";

/** How an HTTP/2 client begins (RFC 9113, 3.4): the preface, and a frame of settings without any. */
const PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
/** The head of a frame that is longer than any may be: the server drops the connection. */
const OVERLONG_FRAME = Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]);

afterEach(() => void vi.useRealTimers());

it.each([0, 1, 2, 3, 4])("ends at once when its connection broke %i turns of the event loop before", async (turns) => {
  const plugin = await serve({ engineAddress: "", cwd: import.meta.dirname });
  const engine = connect(plugin.port, "127.0.0.1");
  engine.on("error", () => undefined);
  engine.write(PREFACE);
  // The server's own settings: the session is there.
  await once(engine, "data");
  // No limit of time passes: what ends, ends without one.
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  engine.write(OVERLONG_FRAME);
  for (let turn = 0; turn < turns; turn++) await nextTurn();
  await expect(plugin.close()).resolves.toBeUndefined();
  engine.destroy();
});
