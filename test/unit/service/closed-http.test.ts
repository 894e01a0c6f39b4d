import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { allowedHosts } from "../../../service/http/allowed-hosts.ts";
import { startLocalService, type LocalService, type LocalServiceOptions } from "../../../service/index.ts";

let folder: string;
let service: LocalService | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nullspace-closed-"));
});

afterEach(async () => {
  await service?.close();
  service = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: LocalServiceOptions = {}): Promise<LocalService> {
  const base = {
    port: 0,
    dataDirectory: join(folder, "data"),
    dockerHost: `unix://${folder}/none`,
    logLevel: "silent",
  } as const;
  return (service = await startLocalService({ ...base, ...options }));
}

/** A certificate for names, with its key: `<name>.crt` and `<name>.key` of the folder. */
function certify(file: string, commonName: string, names: string) {
  const [certFile, keyFile] = [join(folder, `${file}.crt`), join(folder, `${file}.key`)];
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const subject = ["-subj", `/CN=${commonName}`, "-addext", `subjectAltName=${names}`];
  execFileSync("openssl", [...words, ...subject, "-keyout", keyFile, "-out", certFile], { stdio: "ignore" });
  return { certFile, keyFile };
}

async function ask(url: string, host: string, certFile?: string) {
  const dispatcher = new Agent(
    certFile === undefined
      ? {}
      : { connect: { ca: readFileSync(certFile), servername: "service.test", checkServerIdentity: () => undefined } },
  );
  try {
    const { statusCode, body } = await request(`${url}/healthz`, { headers: { host }, dispatcher });
    return { status: statusCode, body: (await body.json()) as Record<string, unknown> };
  } finally {
    await dispatcher.close();
  }
}

describe("the Host header", () => {
  it("has to name this machine, whatever the path and with or without a key", async () => {
    const { url, apiKey } = await start();
    const port = new URL(url).port;
    for (const host of [`127.0.0.1:${port}`, "localhost", "LOCALHOST:1", "localhost.:80", "[::1]:80", "127.0.0.2"]) {
      expect([host, (await ask(url, host)).status]).toEqual([host, 200]);
    }
    for (const host of [
      "evil.test",
      `evil.test:${port}`,
      "localhost.evil.test",
      "127.0.0.1.evil.test",
      "203.0.113.9",
      "[::2]",
      "x@localhost",
      "",
    ]) {
      const answer = await request(`${url}/v1/templates`, { headers: { host, authorization: `Bearer ${apiKey}` } });
      const body = (await answer.body.json()) as Record<string, unknown>;
      expect([host, answer.statusCode, body.code, body.retryable]).toEqual([host, 421, "invalid_request", false]);
      expect((await ask(url, host)).status).toBe(421);
    }
  });

  it("may name what is allowed beside it", async () => {
    const { url } = await start({ behindProxy: true, allowedHosts: ["Builds.Example.com"] });
    expect((await ask(url, "builds.example.com:443")).status).toBe(200);
    expect((await ask(url, "other.example.com")).status).toBe(421);
  });

  it("means no name of this machine where the service listens on every address", () => {
    const isAllowed = allowedHosts({ listenHost: "0.0.0.0", names: ["a.test", "203.0.113.7"] });
    expect(["a.test:3000", "203.0.113.7", "localhost", "0.0.0.0", "127.0.0.1"].map(isAllowed)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(allowedHosts({ listenHost: "198.51.100.4" })("198.51.100.4:3000")).toBe(true);
  });
});

describe("another address than loopback", () => {
  it.each([
    [{ host: "0.0.0.0" }, "host_not_loopback"],
    [{ host: "::" }, "host_not_loopback"],
    [{ host: "0.0.0.0", allowedHosts: ["a.test"] }, "host_not_loopback"],
    [{ host: "0.0.0.0", behindProxy: true }, "allowed_host_missing"],
    [{ behindProxy: true }, "allowed_host_missing"],
  ])("is refused as it is in %j", async (options, code) => {
    await expect(start(options)).rejects.toMatchObject({ code });
  });

  it("is served by a certificate for its names, read again when the files change", { timeout: 30_000 }, async () => {
    const first = certify("tls", "first", "DNS:service.test,IP:127.0.0.1");
    const { url } = await start({ host: "0.0.0.0", tls: first });
    const port = new URL(url).port;
    expect(url).toBe(`https://0.0.0.0:${port}`);
    const here = `https://127.0.0.1:${port}`;
    expect((await ask(here, "service.test", first.certFile)).status).toBe(200);
    expect((await ask(here, "127.0.0.1", first.certFile)).status).toBe(200);
    expect((await ask(here, "other.test", first.certFile)).status).toBe(421);
    await expect(request(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();

    const oldCertificate = join(folder, "old.crt");
    copyFileSync(first.certFile, oldCertificate);
    const next = certify("next", "second", "DNS:service.test,DNS:other.test");
    // Half of a change is not used.
    copyFileSync(next.certFile, first.certFile);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect((await ask(here, "service.test", oldCertificate)).status).toBe(200);
    copyFileSync(next.keyFile, first.keyFile);
    await expect
      .poll(
        () =>
          ask(here, "other.test", next.certFile).then(
            ({ status }) => status,
            () => "not yet",
          ),
        { timeout: 10_000 },
      )
      .toBe(200);
    await expect(ask(here, "service.test", oldCertificate)).rejects.toThrow();
  });

  it("is not served with a certificate that is none, or another one's key", async () => {
    const one = certify("one", "one", "DNS:service.test");
    const two = certify("two", "two", "DNS:service.test");
    writeFileSync(join(folder, "text.crt"), "hello");
    for (const tls of [
      { ...one, keyFile: two.keyFile },
      { ...one, certFile: join(folder, "text.crt") },
      { ...one, keyFile: join(folder, "missing.key") },
    ]) {
      await expect(start({ tls })).rejects.toMatchObject({ code: "tls_unusable" });
    }
  });
});
