import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Leads from an address that pods reach to one that only this machine does. */
export async function startRelay(
  from: { host: string; port: number },
  to: { host: string; port: number },
): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.once("close", () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
      socket.on("error", () => undefined);
    }
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(from.port, from.host);
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
