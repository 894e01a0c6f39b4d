import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { fixedCredentials } from "../../../../service/drivers/kubernetes/client/cluster-access.ts";
import {
  CredentialsError,
  KubernetesAwayError,
  KubernetesError,
} from "../../../../service/drivers/kubernetes/client/errors.ts";
import { ExecPlugin } from "../../../../service/drivers/kubernetes/client/exec-plugin.ts";
import { KubernetesClient } from "../../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { TokenFile } from "../../../../service/drivers/kubernetes/client/token-file.ts";
import { openStandIn, statusOf, type StandIn } from "./stand-in.ts";

const Anything = z.looseObject({});
const LOOK = { method: "GET", path: "/api/v1/pods" } as const;

describe("the Kubernetes client's requests", () => {
  let server: StandIn;
  const clients: KubernetesClient[] = [];
  const client = (access = server.access()) => {
    const made = new KubernetesClient(access);
    clients.push(made);
    return made;
  };

  beforeEach(async () => {
    server = await openStandIn();
    server.answer = (_seen, response) => void response.end('{"kind":"PodList"}');
  });

  afterEach(async () => {
    for (const made of clients.splice(0)) await made.close();
    await server[Symbol.asyncDispose]();
  });

  it("show a token and a certificate, and trust the cluster's authority alone", async () => {
    const identity = { token: "t", cert: server.pem("client"), key: server.pem("client-key") };
    expect(await client(server.access(fixedCredentials(identity))).json(LOOK, Anything)).toEqual({ kind: "PodList" });
    expect(server.seen).toMatchObject([{ authorization: "Bearer t", client: "client" }]);
    const { ca: _, ...stranger } = server.access();
    await expect(client(stranger).json(LOOK, Anything)).rejects.toThrow(KubernetesAwayError);
    await expect(client({ ...stranger, isInsecure: true }).json(LOOK, Anything)).resolves.toBeDefined();
  });

  it("tell a refusal by its reason and causes, and keep the token out of it", async () => {
    server.answer = (_seen, response) =>
      void response
        .writeHead(403)
        .end(statusOf(403, "Forbidden", "it is being terminated", { causes: [{ reason: "NamespaceTerminating" }] }));
    const error = await client()
      .json({ ...LOOK, method: "POST", body: {} }, Anything)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KubernetesError);
    expect(error).toMatchObject({
      status: 403,
      reason: "Forbidden",
      causes: ["NamespaceTerminating"],
      isRetryable: false,
    });
    expect(JSON.stringify(error) + String(error)).not.toContain("secret");
    // What answers may be no API server at all.
    server.answer = (_seen, response) => void response.writeHead(502).end("<html>");
    await expect(client().json(LOOK, Anything)).rejects.toMatchObject({ status: 502, reason: "", isRetryable: true });
  });

  it("come again when a server that is too busy wants them to, and not for ever", async () => {
    let busy = 2;
    server.answer = (_seen, response) => {
      busy -= 1;
      if (busy < 0) return void response.end("{}");
      response.writeHead(429, { "retry-after": "0" }).end(statusOf(429, "TooManyRequests", "busy"));
    };
    await client().json({ method: "POST", path: "/x", body: { a: 1 } }, Anything);
    expect(server.seen).toHaveLength(3);
    busy = 1_000;
    await expect(client().json(LOOK, Anything)).rejects.toMatchObject({ status: 429, isRetryable: true });
    expect(server.seen).toHaveLength(8);
  });

  it("give up on a server that is slow, and on one that begins to answer and stops", async () => {
    server.answer = () => undefined;
    await expect(client().json({ ...LOOK, timeoutMs: 200 }, Anything)).rejects.toThrow(KubernetesAwayError);
    server.answer = (_seen, response) => void response.write('{"kind":');
    await expect(client().json({ ...LOOK, timeoutMs: 200 }, Anything)).rejects.toThrow(/200 ms/);
    const given = AbortSignal.abort(new Error("not wanted"));
    await expect(client().json({ ...LOOK, signal: given }, Anything)).rejects.toThrow("not wanted");
  });

  // Sooner than a connection that does not come about is given up by itself.
  it("give up on a server that takes connections and never says a word", { timeout: 8_000 }, async () => {
    const mute = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { port } = mute.address() as AddressInfo;
    const made = client({ ...server.access(), server: `https://127.0.0.1:${port}` });
    await expect(made.json({ ...LOOK, timeoutMs: 200 }, Anything)).rejects.toThrow(KubernetesAwayError);
    const asked = made.json({ ...LOOK, signal: AbortSignal.timeout(200) }, Anything);
    await expect(asked).rejects.toMatchObject({ name: "TimeoutError" });
    mute.close();
  });

  it("say that nobody answers, and read again what a connection lost that was kept open", async () => {
    const kept = client();
    await kept.json(LOOK, Anything);
    server.breakAll();
    await kept.json(LOOK, Anything);
    const away = client({ ...server.access(), server: "https://127.0.0.1:1" });
    await expect(away.json(LOOK, Anything)).rejects.toMatchObject({ code: "kubernetes_away" });
  });

  it("read a token file again before its token ends, and go on with the one that they have while it is being replaced", async () => {
    const file = join(server.folder, "rotated");
    writeFileSync(file, "first\n");
    server.answer = (_seen, response) => void response.end("{}");
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const made = client(server.access(new TokenFile(file)));
      const used = async () => {
        await made.json(LOOK, Anything);
        return server.seen.at(-1)?.authorization;
      };
      expect(await used()).toBe("Bearer first");
      writeFileSync(file, "second\n");
      expect(await used()).toBe("Bearer first");
      vi.advanceTimersByTime(61_000);
      expect(await used()).toBe("Bearer second");
      rmSync(file);
      vi.advanceTimersByTime(61_000);
      expect(await used()).toBe("Bearer second");
      writeFileSync(file, "third\n");
      expect(await used()).toBe("Bearer third");
    } finally {
      vi.useRealTimers();
    }
  });

  it("read a token file again when its token is refused", async () => {
    const file = join(server.folder, "token");
    writeFileSync(file, "old\n");
    server.answer = ({ authorization }, response) => {
      if (authorization === "Bearer new") return void response.end("{}");
      response.writeHead(401).end(statusOf(401, "Unauthorized", "Unauthorized"));
    };
    const made = client(server.access(new TokenFile(file)));
    await expect(made.json(LOOK, Anything)).rejects.toMatchObject({ status: 401, reason: "Unauthorized" });
    writeFileSync(file, "new\n");
    await made.json(LOOK, Anything);
    await expect(client(server.access(new TokenFile("/nowhere"))).json(LOOK, Anything)).rejects.toThrow(
      CredentialsError,
    );
  });

  describe("with a credential plugin", () => {
    const plugin = (script: string, more: object = {}) => {
      const file = join(server.folder, "plugin");
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o755);
      const config = { apiVersion: "client.authentication.k8s.io/v1" as const, command: file, ...more };
      return new ExecPlugin(config, server.folder, { server: server.url });
    };
    const answer = (status: string) =>
      `echo run >> runs; echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${status}}'`;

    it("run it once for all, and again when its token ends or is refused", async () => {
      const good = plugin(`${answer('{"token":"from-plugin"}')}; [ -n "$KUBERNETES_EXEC_INFO" ]`);
      const made = client(server.access(good));
      await Promise.all([1, 2, 3].map(() => made.json(LOOK, Anything)));
      expect(new Set(server.seen.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer from-plugin"]));
      const runs = () => readFileSync(join(server.folder, "runs"), "utf8").length / 4;
      expect(runs()).toBe(1);
      server.answer = (_seen, response) => void response.writeHead(401).end(statusOf(401, "Unauthorized", "no"));
      await expect(made.json(LOOK, Anything)).rejects.toMatchObject({ status: 401 });
      expect(runs()).toBe(2);
      const ending = plugin(answer(`{"token":"t","expirationTimestamp":"${new Date().toISOString()}"}`));
      await ending.get();
      await ending.get();
      expect(runs()).toBe(4);
    });

    it("tell what is wrong with it, and nothing of what it wrote", async () => {
      const absent = {
        apiVersion: "client.authentication.k8s.io/v1" as const,
        command: "/nowhere",
        installHint: "Get it.",
      };
      const failing: [() => ExecPlugin, RegExp][] = [
        [() => plugin("echo top-secret >&2; exit 3"), /exit code 3/],
        [() => plugin("echo top-secret"), /ExecCredential/],
        [() => plugin(answer('{"user":"top-secret"}')), /neither a token nor a certificate/],
        [() => new ExecPlugin(absent, "/", { server: "" }), /not there.*Get it/],
      ];
      for (const [make, words] of failing) {
        const error = await make()
          .get()
          .catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(CredentialsError);
        expect(String(error)).toMatch(words);
        expect(String(error) + String((error as Error).cause)).not.toContain("top-secret");
      }
    });
  });

  it("let go of a stream that its reader leaves", async () => {
    let closed = false;
    server.answer = (_seen, response) => {
      response.on("close", () => (closed = true));
      response.write("first\n");
    };
    for await (const _ of await client().stream(LOOK)) break;
    while (!closed) await sleep(5);
  });
});
