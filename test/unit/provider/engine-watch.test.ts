import { createServer, type AddressInfo } from "node:net";
import { expect, it, vi } from "vitest";
import { watchEngine } from "../../../provider/dynamic/engine-watch.ts";

it("an engine that is killed is noticed, one that lives is left in peace", async () => {
  const engine = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => engine.listen(0, "127.0.0.1", resolve));
  const argv = ["node", "script", `127.0.0.1:${(engine.address() as AddressInfo).port}`];
  const looks: unknown[] = [];
  engine.on("connection", (socket) => looks.push(socket));
  const gone = vi.fn();
  const stop = watchEngine(gone, argv);
  await vi.waitFor(() => expect(looks.length).toBeGreaterThan(1), { timeout: 10_000 });
  expect(gone).not.toHaveBeenCalled();
  engine.close();
  await vi.waitFor(() => expect(gone).toHaveBeenCalledOnce(), { timeout: 10_000 });
  stop();
});

it("a process that no engine has started watches nothing", () => {
  const gone = vi.fn();
  watchEngine(gone, ["node", "script"])();
  expect(gone).not.toHaveBeenCalled();
});
