import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { WebSocketServer, type WebSocket } from "ws";
import {
  fixedCredentials,
  type ClusterAccess,
  type Credentials,
} from "../../../../service/drivers/kubernetes/client/cluster-access.ts";
import { fixedPem } from "../../../../service/drivers/kubernetes/client/pem-text.ts";
import { makeCertificates } from "../../../engine/docker/certificates.ts";

/** A request that came. */
export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string | undefined;
  /** Common name of the client's certificate. */
  readonly client: string | undefined;
}

/** A server of ours that stands in for an API server, and does what a real one cannot be made to do. */
export interface StandIn extends AsyncDisposable {
  readonly url: string;
  /** PEM files of a certificate authority, the server and a client. */
  readonly pem: (name: "ca" | "client" | "client-key") => string;
  readonly folder: string;
  access(credentials?: Credentials): ClusterAccess;
  readonly seen: SeenRequest[];
  /** Answers what is no exec. */
  answer: (seen: SeenRequest, response: ServerResponse, request: IncomingMessage) => void | Promise<void>;
  /** Whether exec is allowed, and by which protocol; a number refuses it with that status. */
  protocol: "v5.channel.k8s.io" | "v4.channel.k8s.io" | number;
  /** What is said of a command together with its beginning, in one piece on the wire; the command does not run. */
  ending: string | undefined;
  /** Connections of commands that run. */
  readonly execs: { socket: WebSocket; child: ChildProcess }[];
  /** Shows another certificate to who connects from now on, and asks for clients' ones of another authority, PEM. */
  renew(made: { readonly cert: string; readonly key: string; readonly ca: string }): void;
  /** Breaks every connection that is open. */
  breakAll(): void;
}

/** They take a second to make. */
let certificates: Promise<Map<string, string>> | undefined;

async function readCertificates(): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), "nullspace-certificates-"));
  await makeCertificates(folder);
  const names = ["ca", "server", "server-key", "client", "client-key"];
  const read = new Map(names.map((name) => [name, readFileSync(join(folder, `${name}.pem`), "utf8")]));
  rmSync(folder, { recursive: true });
  return read;
}

export async function openStandIn(): Promise<StandIn> {
  const folder = mkdtempSync(join(tmpdir(), "nullspace-kubernetes-"));
  certificates ??= readCertificates();
  const made = await certificates;
  const pem = (name: string) => made.get(name) ?? "";
  const open = new Set<Socket>();
  const seen: SeenRequest[] = [];
  const execs: StandIn["execs"] = [];
  const note = (request: IncomingMessage): SeenRequest => {
    const certificate = (request.socket as TLSSocket).getPeerCertificate();
    const entry = {
      method: request.method ?? "",
      url: new URL(request.url ?? "/", "https://stand-in"),
      authorization: request.headers.authorization,
      client: certificate.subject?.CN as string | undefined,
    };
    seen.push(entry);
    return entry;
  };
  const server = createServer({
    cert: pem("server"),
    key: pem("server-key"),
    ca: pem("ca"),
    requestCert: true,
    rejectUnauthorized: false,
  });
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => undefined).on("close", () => open.delete(socket));
  });
  server.on("request", (request, response) => void self.answer(note(request), response, request));
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has(String(self.protocol)) ? String(self.protocol) : false),
  });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const { url } = note(request);
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(/, ?/);
    if (typeof self.protocol === "number" || !offered.includes(self.protocol)) {
      const body = statusOf(typeof self.protocol === "number" ? self.protocol : 400, "Refused", "no exec here");
      socket.end(
        `HTTP/1.1 ${typeof self.protocol === "number" ? self.protocol : 400} No\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      return;
    }
    socket.cork();
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      if (self.ending !== undefined) {
        accepted.send(Buffer.concat([Buffer.from([1]), Buffer.from("early")]));
        accepted.send(Buffer.concat([Buffer.from([3]), Buffer.from(self.ending)]));
        accepted.close(1000);
      }
      socket.uncork();
      if (self.ending !== undefined) return;
      execs.push({ socket: accepted, child: runCommand(accepted, url.searchParams.getAll("command")) });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const self: StandIn = {
    url,
    pem,
    folder,
    seen,
    execs,
    protocol: "v5.channel.k8s.io",
    ending: undefined,
    answer: (_seen, response) => void response.writeHead(404).end(),
    access: (credentials = fixedCredentials({ token: "a-secret-token" })) => ({
      name: "stand-in",
      server: url,
      namespace: "default",
      ca: fixedPem(pem("ca")),
      credentials,
    }),
    renew: (made) => server.setSecureContext(made),
    breakAll: () => {
      for (const socket of open) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const { child } of execs) child.kill("SIGKILL");
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
  return self;
}

/** The JSON of a `Status`. */
export function statusOf(code: number, reason: string, message: string, details: object = {}): string {
  return JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message, details });
}

/** A command of this machine behind the protocol of KEP-4006, as a kubelet would have it in a container. */
function runCommand(socket: WebSocket, [program = "", ...args]: string[]): ChildProcess {
  const child = spawn(program, args, { stdio: "pipe" });
  const tell = (channel: number, data: Buffer | string) =>
    socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)]));
  for (const [channel, stream] of [
    [1, child.stdout],
    [2, child.stderr],
  ] as const) {
    stream.on("data", (data: Buffer) => {
      tell(channel, data);
      // As a kubelet does: what nobody reads holds the command up.
      if (socket.bufferedAmount < 256 * 1024) return;
      stream.pause();
      const look = setInterval(() => {
        if (socket.bufferedAmount > 0 && socket.readyState === socket.OPEN) return;
        clearInterval(look);
        stream.resume();
      }, 5);
    });
  }
  socket.on("message", (message: Buffer) => {
    if (message[0] === 0) child.stdin.write(message.subarray(1));
    if (message[0] === 255 && message[1] === 0) child.stdin.end();
  });
  child.stdin.on("error", () => undefined);
  child.on("error", ({ message }) => {
    tell(3, statusOf(500, "InternalError", message));
    socket.close(1000);
  });
  child.on("close", (code) => {
    const cause = { reason: "ExitCode", message: String(code ?? 137) };
    const failure = statusOf(500, "NonZeroExitCode", "it failed", { causes: [cause] });
    tell(3, code === 0 ? JSON.stringify({ kind: "Status", status: "Success" }) : failure);
    socket.close(1000);
  });
  return child;
}
