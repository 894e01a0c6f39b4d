import { createServer, type AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { listeningPorts } from "../../../service/drivers/listening-ports.ts";

/** The kernel's tables of this machine's sockets. */
const tables = () => readFileSync("/proc/net/tcp", "utf8") + readFileSync("/proc/net/tcp6", "utf8");

test.each(["127.0.0.1", "::1", "0.0.0.0"])(
  "a listener on %s is found in the kernel's own table, and only while it listens",
  async (host) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    expect([...listeningPorts(tables()).keys()]).toContain(port);
    await new Promise((resolve) => server.close(resolve));
    expect([...listeningPorts(tables()).keys()]).not.toContain(port);
  },
);

test("a connection is no listener", () => {
  const established = "   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 1 1";
  expect([...listeningPorts(established)]).toEqual([]);
});
