import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LonelyService } from "./lonely-service.ts";

let service: LonelyService;

beforeAll(async () => {
  service = await LonelyService.start();
});

afterAll(() => service[Symbol.asyncDispose]());

const json = { "content-type": "application/json" };
const pool = (metadata: unknown) => ({
  name: "p",
  template_ref: "local/none",
  min_ready: 0,
  max_ready: 1,
  resources: { vcpus: 1, memory_mb: 64 },
  metadata,
});

describe("a body", () => {
  it.each([
    ["is cut", '{"template_ref":"a"', "is not JSON"],
    ["is two", "{}{}", "is not JSON"],
    ["has a comment", '{"template_ref":"a"/**/}', "is not JSON"],
    ["sets a prototype", '{"template_ref":"a","__proto__":{"x":1}}', "is not JSON"],
    ["is an array", "[]", "expected object"],
    ["is null", "null", "expected object"],
    ["holds half a character", '{"template_ref":"\\ud800"}', "half a surrogate pair"],
    ["holds half a character in a name", '{"template_ref":"a","\\udfff":1}', "half a surrogate pair"],
  ])("that %s is refused", async (_what, body, words) => {
    const answer = await service.raw("POST", "/v1/templates/claims", { headers: json, body });
    expect([answer.status, answer.json.code]).toEqual([400, "invalid_request"]);
    expect(answer.json.error).toContain(words);
  });

  it("that is no UTF-8 is refused, not mended", async () => {
    const body = Buffer.concat([Buffer.from('{"template_ref":"'), Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from('"}')]);
    const answer = await service.raw("POST", "/v1/templates/claims", { headers: json, body });
    expect([answer.status, answer.json.error]).toEqual([400, "The request's body is not UTF-8 text."]);
  });

  it("may be nested a hundred levels deep, and no deeper", async () => {
    const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown;
    // With the body itself and `metadata` there are two levels above.
    const fits = await service.call("POST", "/v1/template-warm-pools", pool({ deep: nested(98) }));
    expect([fits.status, fits.json.code]).toEqual([404, "template_not_found"]);
    const deeper = await service.call("POST", "/v1/template-warm-pools", pool({ deep: nested(99) }));
    expect([deeper.status, deeper.json.error]).toEqual([400, "The request's body is nested deeper than 100 levels."]);
    const body = `{"metadata":${"[".repeat(400_000)}${"]".repeat(400_000)}}`;
    const deepest = await service.raw("POST", "/v1/template-warm-pools", { headers: json, body });
    expect([deepest.status, deepest.json.error]).toEqual([400, deeper.json.error]);
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "",
  ])("of the type %j is refused with 415 and the type to send", async (type) => {
    const headers: Record<string, string> = type === "" ? {} : { "content-type": type };
    const answer = await service.raw("POST", "/v1/templates/claims", { headers, body: "a=b" });
    expect([answer.status, answer.json.code]).toEqual([415, "invalid_request"]);
    expect(answer.json.suggested_action).toContain("Content-Type: application/json");
  });

  it("of 65 MB is refused with 413 where contexts are taken, too", async () => {
    const body = `{"dockerfile":"${"x".repeat(65 * 1024 * 1024)}"}`;
    const answer = await service.raw("POST", "/v1/templates/validate", { headers: json, body });
    expect([answer.status, answer.json.code]).toEqual([413, "invalid_request"]);
    expect(answer.json.suggested_action).toContain("blobs");
  });

  it("that breaks off is not acted upon", async () => {
    const { hostname, port } = new URL(service.service.url);
    const socket = connect(Number(port), hostname);
    const head = `POST /v1/templates/claims HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${service.service.apiKey}\r\n`;
    const body = '{"template_ref":"broken-off"}';
    await new Promise<void>((resolve) => {
      socket.write(`${head}content-type: application/json\r\ncontent-length: ${body.length + 1}\r\n\r\n${body}`, () =>
        resolve(),
      );
    });
    socket.destroy();
    expect((await service.raw("GET", "/healthz")).status).toBe(200);
    const store = new DatabaseSync(join(service.dataDirectory, "store.db"), { readOnly: true });
    expect(store.prepare("SELECT count(*) AS claims FROM claims").get()).toEqual({ claims: 0 });
    store.close();
  });
});

describe("names in every alphabet", () => {
  const words = [
    "Ünïcödé",
    "имя",
    "名前",
    "اسم",
    "नाम",
    "😀",
    "a\u0000b",
    "a\u202eb",
    "ﬁ",
    "ＡＢ",
    "a b",
    "a\nb",
    "İ",
    "ß",
  ];

  it.each(words)("%j is refused as a name, a tag and a ref, and said back as it came", async (word) => {
    const claim = await service.call("POST", "/v1/templates/claims", { template_ref: word });
    const build = await service.call("POST", "/v1/templates/builds", { name: word, base_image: "busybox" });
    const tag = await service.call("POST", "/v1/templates/refs/local%2Fnone/tags", { tags: [word] });
    const ref = await service.raw("GET", `/v1/templates/refs/${encodeURIComponent(word)}`);
    expect([claim, build, tag, ref].map(({ status, json }) => [status, json.code])).toEqual(
      Array.from({ length: 4 }, () => [400, "invalid_request"]),
    );
    expect(build.json.error).toContain(`"${word}"`);
    expect(ref.json.error).toContain(`"${word}"`);
  });
});

describe("the paths of a build context", () => {
  const plan = (files: object[]) =>
    service.call("POST", "/v1/templates/validate", { name: "ctx", dockerfile: "FROM x", build_context: { files } });
  const file = (path: string) => ({ path, entry_type: "file", content_base64: "YQ==" });

  it.each([
    "../x",
    "a/../../x",
    "..",
    ".",
    "./x",
    "a/./x",
    "/etc/passwd",
    "//x",
    "a//x",
    "a/",
    "",
    "a\u0000b",
    `${"x/".repeat(2100)}x`,
  ])("never leave it: %j", async (path) => {
    const { json: answer } = await plan([file(path)]);
    expect(answer.valid).toBe(false);
    expect(answer.errors[0].message).toContain("build_context.files[0].path");
    const asked = { path, entry_type: "file", sha256: "a".repeat(64), size_bytes: 1 };
    const preflight = await service.call("POST", "/v1/templates/blobs/preflight", { files: [asked] });
    expect([preflight.status, preflight.json.error]).toEqual([400, expect.stringContaining("files[0].path")]);
  });

  it.each(["..\\x", "C:\\x", "a\\..\\b", "...", "..a", "a..", " ", "-x", "~", "$HOME", "a\nb", "名前", "\u202ea"])(
    "may be odd where they stay in it: %j",
    async (path) => {
      expect((await plan([file(path)])).json).toMatchObject({ valid: true, errors: [] });
    },
  );

  it("are files and folders, no links and nothing else", async () => {
    for (const entry_type of ["symlink", "link", "device", "FILE", ""]) {
      const { json: answer } = await plan([{ path: "a", entry_type, content_base64: "YQ==" }]);
      expect(answer.errors[0].message).toContain("build_context.files[0].entry_type");
    }
  });

  it("are told apart by case, and each is there once", async () => {
    expect((await plan([file("a"), file("A"), file("ß"), file("SS")])).json.valid).toBe(true);
    expect((await plan([file("a"), file("b"), file("a")])).json.errors[0].message).toContain("a is there twice");
    const under = await plan([file("a/b"), file("a")]);
    expect(under.json.errors[0].message).toContain("a is a file, and a/b lies under it");
  });

  it("are at most 20,000: a request with 100,000 is refused with the number, and the service goes on", async () => {
    const files = Array.from({ length: 100_000 }, (_, index) => ({ path: `f${index}`, entry_type: "dir" }));
    const started = await service.call("POST", "/v1/templates/builds", {
      name: "many",
      dockerfile: "FROM x",
      build_context: { files },
    });
    expect([started.status, started.json.code]).toEqual([400, "file_upload_error"]);
    expect(started.json.error).toContain("100000 entries; the most is 20000");
    expect((await service.raw("GET", "/healthz")).status).toBe(200);
  });
});

describe("an upload", () => {
  it("that was cut in the middle leaves nothing, and goes through the second time", async () => {
    const bytes = Buffer.alloc(300_000, "retry");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const files = [{ path: "big", entry_type: "file", sha256, size_bytes: bytes.length }];
    const { json: asked } = await service.call("POST", "/v1/templates/blobs/preflight", { files });
    const [{ blob_id }] = asked.files;
    const { hostname, port } = new URL(service.service.url);
    const incoming = () => readdirSync(join(service.dataDirectory, "blobs", "incoming"));

    const socket = connect(Number(port), hostname);
    const head = `PUT /v1/templates/blobs/${blob_id} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${service.service.apiKey}\r\n`;
    socket.write(`${head}content-type: application/octet-stream\r\ncontent-length: ${bytes.length}\r\n\r\n`);
    socket.write(bytes.subarray(0, 100_000));
    await expect.poll(incoming).toHaveLength(1);
    socket.destroy();
    await expect.poll(incoming).toEqual([]);

    const headers = { "content-type": "application/octet-stream" };
    const { status } = await service.raw("PUT", `/v1/templates/blobs/${blob_id}`, { headers, body: bytes });
    expect(status).toBe(204);
    const again = await service.call("POST", "/v1/templates/blobs/preflight", { files });
    expect(again.json.files[0].missing).toBe(false);
  });
});

describe("200 requests at a time", () => {
  it("are all answered, each with its own", async () => {
    const claims = Array.from({ length: 100 }, (_, index) => `parallel-${index}`);
    const answers = await Promise.all(
      claims.flatMap((template_ref) => [
        service.call("POST", "/v1/templates/claims", { template_ref }),
        service.raw("GET", `/v1/templates/refs/${template_ref}`),
      ]),
    );
    expect(answers.filter(({ status }) => status === 201).map(({ json }) => json.canonical_ref)).toEqual(
      claims.map((name) => `local/${name}`),
    );
    const ids = answers.map(({ headers }) => headers["x-request-id"]);
    expect(new Set(ids).size).toBe(200);
  });

  it("for one name are one claim on it", async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => service.call("POST", "/v1/templates/claims", { template_ref: "wanted" })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ json: { claim_token } }) => claim_token)).size).toBe(1);
  });
});
