import { connect } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorEnvelope } from "../../../sdk/wire/index.ts";
import { keyRing } from "../../../service/keys/key-ring.ts";
import { createApp } from "../../../service/http/app.ts";
import { LonelyService } from "./lonely-service.ts";

let service: LonelyService;

beforeAll(async () => {
  service = await LonelyService.start();
});

afterAll(() => service[Symbol.asyncDispose]());

/** Sends bytes as they are. @returns what came back until the other side closed, read as one answer */
function send(url: string, ...parts: (string | Buffer)[]): Promise<{ status: number; body: unknown; head: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      for (const part of parts) socket.write(part);
    });
    let text = "";
    socket.setEncoding("utf8").on("data", (more: string) => (text += more));
    // What it sends after the answer is not taken any more: that is no failure.
    socket.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EPIPE" || error.code === "ECONNRESET" ? undefined : reject(error),
    );
    socket.once("close", () => {
      const [head = "", body = ""] = text.split("\r\n\r\n", 2);
      resolve({
        head,
        status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
        body: body === "" ? undefined : JSON.parse(body),
      });
    });
  });
}

const isUp = async () => expect((await service.raw("GET", "/healthz")).status).toBe(200);

describe("what is no request", () => {
  it.each([
    ["another protocol", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "invalid_request"],
    ["an unknown method", "FLY / HTTP/1.1\r\nhost: localhost\r\n\r\n", 400, "invalid_request"],
    ["no host", "GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n", 400, "invalid_request"],
    ["a NUL in a header", "GET /healthz HTTP/1.1\r\nhost: localhost\r\na: b\0c\r\n\r\n", 400, "invalid_request"],
    [
      "two lengths",
      "POST /v1/templates/claims HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
      400,
      "invalid_request",
    ],
    [
      "a length and chunks",
      "POST /v1/templates/claims HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
      400,
      "invalid_request",
    ],
    [
      "a header of 20 KB",
      `GET /healthz HTTP/1.1\r\nhost: localhost\r\na: ${"b".repeat(20_000)}\r\n\r\n`,
      431,
      "invalid_request",
    ],
    ["a path of 20 KB", `GET /${"b".repeat(20_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`, 431, "invalid_request"],
  ])("is refused in the contract's error form: %s", async (_what, bytes, status, code) => {
    const answer = await send(service.service.url, bytes);
    expect(answer.status).toBe(status);
    const { error, request_id, ...rest } = ErrorEnvelope.parse(answer.body);
    expect(error).toMatch(/\.$/);
    expect(rest.code).toBe(code);
    expect(answer.head).toContain(`x-request-id: ${request_id}`);
    await isUp();
  });

  it("and an expectation that nobody knows is none", async () => {
    const answer = await send(
      service.service.url,
      "GET /healthz HTTP/1.1\r\nhost: localhost\r\nexpect: wonders\r\nconnection: close\r\n\r\n",
    );
    expect(answer.status).toBe(200);
  });
});

it("a HEAD is no call of the contract: of a log that is followed it would last as long as the build", async () => {
  for (const path of ["/healthz", "/v1/templates", "/v1/templates/builds/tb_1/logs?follow=true"]) {
    const headers = { authorization: `Bearer ${service.service.apiKey}` };
    expect((await fetch(service.service.url + path, { method: "HEAD", headers })).status).toBe(404);
  }
});

describe("a caller that sends slowly", () => {
  it.each([
    ["nothing", ""],
    ["half a first line", "GET /heal"],
    ["headers without end", "GET /healthz HTTP/1.1\r\nhost: localhost\r\n"],
    [
      "half a body",
      "POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{",
    ],
  ])("is told 408 and hung up on: %s", async (_what, bytes) => {
    const app = createApp({
      logger: pino({ level: "silent" }),
      keys: keyRing([{ name: "test", key: "key" }]),
      refExists: () => false,
      stopping: new AbortController().signal,
      timeouts: { headersMs: 100, requestMs: 200, checkEveryMs: 20 },
    });
    app.post("/x", { config: { public: true } }, async () => ({}));
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    const answer = await send(url, bytes);
    expect([answer.status, ErrorEnvelope.parse(answer.body).code]).toEqual([408, "timeout"]);
    await app.close();
  });
});
