import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Credentials that the private registry takes. */
export const LOGIN = { username: "robin", password: "sesame" };
/** bcrypt of the password above, as `htpasswd -B` writes it. */
const HTPASSWD = "robin:$2a$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9O\n";

/** A name that its certificate is for too. */
export const REGISTRY_NAME = "registry.example";

/** A registry of this machine that wants a password. */
export interface PrivateRegistry extends AsyncDisposable {
  /** Host and port. */
  readonly host: string;
  /** File with the certificate that it shows, which is its own authority; with `tls` alone. */
  readonly certificate: string;
  /** Collects its garbage as an operator does, with what has no tag: nothing may be pushed meanwhile. */
  collectGarbage(): Promise<void>;
}

/**
 * Starts `docker-registry` (Debian's package) with htpasswd.
 *
 * @param tls whether it speaks TLS
 * @param deletes whether it deletes manifests when it is asked to, which is off unless its configuration says otherwise
 * @param port default: a free one
 */
export async function startPrivateRegistry({
  tls,
  deletes = false,
  port: wanted,
}: {
  tls: boolean;
  deletes?: boolean;
  port?: number;
}): Promise<PrivateRegistry> {
  const dir = await mkdtemp(join(tmpdir(), "nullspace-registry-"));
  const port = wanted ?? (await freePort());
  await writeFile(join(dir, "htpasswd"), HTPASSWD);
  if (tls) await makeCertificate(dir);
  const config = {
    version: "0.1",
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: join(dir, "data") }, delete: { enabled: deletes } },
    auth: { htpasswd: { realm: "test", path: join(dir, "htpasswd") } },
    http: {
      addr: `127.0.0.1:${port}`,
      ...(tls ? { tls: { certificate: join(dir, "cert.pem"), key: join(dir, "key.pem") } } : {}),
    },
  };
  // JSON is YAML.
  await writeFile(join(dir, "config.yml"), JSON.stringify(config));
  const child = spawn("docker-registry", ["serve", join(dir, "config.yml")], { stdio: "ignore" });
  const failed = once(child, "error").then(([error]) => {
    throw new Error(
      `docker-registry could not be started (${(error as Error).message}). Install Debian's docker-registry.`,
    );
  });
  await Promise.race([failed, answering(port)]);
  failed.catch(() => {});
  return {
    host: `127.0.0.1:${port}`,
    certificate: join(dir, "cert.pem"),
    async collectGarbage() {
      await promisify(execFile)("docker-registry", ["garbage-collect", "--delete-untagged", join(dir, "config.yml")]);
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, "exit");
      await rm(dir, { recursive: true });
    },
  };
}

async function makeCertificate(dir: string): Promise<void> {
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", `subjectAltName=IP:127.0.0.1,DNS:${REGISTRY_NAME}`];
  const files = ["-keyout", join(dir, "key.pem"), "-out", join(dir, "cert.pem")];
  await promisify(execFile)("openssl", [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    ...subject,
    ...files,
  ]);
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Resolves when something accepts connections on the port. */
export async function answering(port: number): Promise<void> {
  const { connect } = await import("node:net");
  for (let attempt = 0; attempt < 200; attempt++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port });
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}
