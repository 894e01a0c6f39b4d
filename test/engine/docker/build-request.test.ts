import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuildOptions, DockerEngine } from "../../../sdk/docker/index.ts";
import { type SeenRequest, startPretender } from "./pretender.ts";

let configDir: string;
beforeAll(async () => {
  configDir = await mkdtemp(join(tmpdir(), "nullspace-docker-config-"));
});
afterAll(() => rm(configDir, { recursive: true }));

/** The request that starts a build, and how many bytes came with it. */
async function requestOf(options: BuildOptions, config: object = {}): Promise<SeenRequest & { bytes: number }> {
  await writeFile(join(configDir, "config.json"), JSON.stringify(config));
  let bytes = 0;
  await using server = await startPretender({
    onBuild: (request, response) => {
      request.on("data", (chunk: Buffer) => (bytes += chunk.length));
      request.once("end", () => response.end(JSON.stringify({ aux: { ID: `sha256:${"a".repeat(64)}` } })));
    },
  });
  const engine = new DockerEngine({ host: server.host, configDir, env: {} });
  await engine.build(options).done;
  await engine.close();
  return { ...server.requests.find(({ call }) => call === "POST /build")!, bytes };
}

const decode = (header: unknown) => JSON.parse(Buffer.from(String(header), "base64url").toString()) as unknown;

describe.each(["buildkit", "classic"] as const)("the request of a %s build", (builder) => {
  it.each([
    "https://git.example/team/app.git#main:docker",
    "http://files.example/context.tar",
    "git://git.example/team/app",
    "github.com/team/app",
    "git@git.example:team/app",
  ])("leaves %s to the engine, and has no body", async (path) => {
    const { query, headers, bytes } = await requestOf({ path, builder, dockerfile: "My.Dockerfile" });
    expect(query.get("remote")).toBe(path);
    expect(query.get("dockerfile")).toBe("My.Dockerfile");
    expect(bytes).toBe(0);
    expect(headers).toMatchObject({ "content-length": "0" });
    for (const name of ["content-type", "content-encoding", "transfer-encoding"])
      expect(headers).not.toHaveProperty(name);
  });

  it("says what its body is", async () => {
    const plain = await requestOf({ fileobj: "FROM x", builder });
    expect(plain.query.has("remote")).toBe(false);
    expect(plain.bytes).toBeGreaterThan(512);
    expect(plain.headers["content-type"]).toBe("application/x-tar");
    expect(plain.headers).not.toHaveProperty("content-encoding");
    const zipped = await requestOf({ fileobj: "FROM x", builder, gzip: true });
    expect(zipped.headers).toMatchObject({ "content-type": "application/x-tar", "content-encoding": "gzip" });
  });

  it("holds the credentials that there are for a builder that does not ask for them, and none where there are none", async () => {
    const auth = Buffer.from("example:sesame").toString("base64");
    const config = { auths: { "https://registry.example/v1/": { auth } } };
    const login = { username: "example", password: "sesame" };
    const known = { "registry.example": { ...login, serveraddress: "registry.example" } };
    for (const source of [{ path: "github.com/team/app" }, { fileobj: "FROM registry.example/x" }]) {
      const withConfig = await requestOf({ ...source, builder }, config);
      const withOption = await requestOf({ ...source, builder, auth: { "registry.example": login } });
      for (const { headers } of [withConfig, withOption]) {
        const header = headers["x-registry-config"];
        expect(header && decode(header)).toEqual(builder === "classic" ? known : undefined);
      }
      expect((await requestOf({ ...source, builder })).headers).not.toHaveProperty("x-registry-config");
    }
  });

  it("holds no credentials for a registry that the Dockerfile does not name", async () => {
    const auth = Buffer.from("example:sesame").toString("base64");
    const config = { auths: { "https://registry.example/v1/": { auth } } };
    const { headers } = await requestOf({ fileobj: "FROM x", builder }, config);
    expect(headers).not.toHaveProperty("x-registry-config");
  });
});
