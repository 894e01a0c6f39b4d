import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BuilderTls } from "../../../service/builders/buildkit/builder-tls.ts";
import { buildersOf } from "../../../service/parts/buildkit.ts";
import { makeCertificates } from "../../engine/docker/certificates.ts";

let folder: string;
const at = (name: string) => join(folder, name);
const files = () => ({ caFile: at("ca.pem"), certFile: at("cert.pem"), keyFile: at("key.pem") });
/** Puts a certificate and a key where the service is told that they are. */
function put(cert: string, key: string): void {
  copyFileSync(at(cert), at("cert.pem"));
  copyFileSync(at(key), at("key.pem"));
}
const text = (name: string) => readFileSync(at(name), "utf8");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nullspace-builder-tls-"));
  await makeCertificates(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("certificates for connections to builders", () => {
  it("are the renewed ones for the next connection, in every builder that is reached by tcp", () => {
    put("client.pem", "client-key.pem");
    const addresses = ["tcp://a:1", "unix:///b.sock", "tcp://c:1"];
    const builders = buildersOf({ addresses, tls: files(), registry: { repository: "r.example/a" } });
    expect(builders.map(({ tls }) => tls?.cert)).toEqual([text("client.pem"), undefined, text("client.pem")]);
    put("server.pem", "server-key.pem");
    expect(builders.map(({ tls }) => tls?.key)).toEqual([text("server-key.pem"), undefined, text("server-key.pem")]);
  });

  it("stay the old ones while the new ones are half there", () => {
    put("client.pem", "client-key.pem");
    const tls = new BuilderTls(files());
    copyFileSync(at("server.pem"), at("cert.pem"));
    expect(tls.current).toMatchObject({ cert: text("client.pem"), key: text("client-key.pem") });
    writeFileSync(at("key.pem"), text("server-key.pem").slice(0, 100));
    expect(tls.current.cert).toBe(text("client.pem"));
    rmSync(at("key.pem"));
    expect(tls.current.cert).toBe(text("client.pem"));
    copyFileSync(at("server-key.pem"), at("key.pem"));
    expect(tls.current).toMatchObject({ cert: text("server.pem"), key: text("server-key.pem") });
  });

  it("have to be usable when the service starts", () => {
    put("client.pem", "server-key.pem");
    const refused = (named: object) => {
      try {
        new BuilderTls({ ...files(), ...named });
      } catch (error) {
        return error;
      }
      throw new Error("taken");
    };
    expect(refused({})).toMatchObject({
      code: "builder_tls_unusable",
      message: expect.stringContaining(at("key.pem")),
    });
    expect(refused({ caFile: at("absent.pem") })).toMatchObject({
      code: "builder_tls_unreadable",
      message: expect.stringContaining(at("absent.pem")),
    });
  });
});
