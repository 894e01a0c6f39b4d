import { connect } from "node:net";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorEnvelope } from "../../../sdk/wire/index.ts";
import { LonelyService } from "./lonely-service.ts";

let service: LonelyService;

beforeAll(async () => {
  service = await LonelyService.start();
});

afterAll(() => service[Symbol.asyncDispose]());

describe("every answer", () => {
  it("carries a request id, which its error body repeats", async () => {
    for (const path of ["/healthz", "/v1/templates", "/v1/templates/refs/none", "/nowhere"]) {
      const { headers, json } = await service.call("GET", path);
      expect(headers["x-request-id"]).toMatch(/^req_[0-9a-z]{26}$/);
      if (json.error) expect(json.request_id).toBe(headers["x-request-id"]);
    }
  });

  it("is an error envelope of the contract when it is an error, whatever was sent", async () => {
    const method = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE");
    const part = fc.constantFrom(
      "v1",
      "templates",
      "refs",
      "builds",
      "tags",
      "claims",
      "blobs",
      "preflight",
      "%00",
      "%2F",
      "a%20b",
      "é",
      "..",
      "",
    );
    const body = fc.oneof(fc.json(), fc.string(), fc.constant(undefined));
    const type = fc.constantFrom("application/json", "text/plain", "application/octet-stream", "");
    await fc.assert(
      fc.asyncProperty(
        method,
        fc.array(part, { maxLength: 5 }),
        body,
        type,
        async (verb, parts, content, contentType) => {
          const answer = await service.raw(verb, `/${parts.map((one) => encodeURI(decodeOnce(one))).join("/")}`, {
            ...(content !== undefined && verb !== "GET" && { body: content }),
            headers: contentType === "" ? {} : { "content-type": contentType },
          });
          expect(answer.status).toBeLessThan(500);
          expect(answer.status >= 300 && answer.status < 400).toBe(false);
          if (answer.status >= 400) expect(ErrorEnvelope.parse(answer.json).error).not.toBe("");
        },
      ),
      { numRuns: 200 },
    );
  });
});

function decodeOnce(text: string): string {
  // Percent sequences stay as they are; the rest is what a client would encode.
  return text.includes("%") ? decodeURIComponent(text.replace("%00", "%20")) : text;
}

describe("a path", () => {
  it("whose first part is no namespace is told apart from a template without ending the service", async () => {
    const { status, json } = await service.raw("GET", "/v1/templates/refs/%C3%91-%1E/aliases");
    expect([status, json.code]).toEqual([400, "invalid_request"]);
    expect((await service.raw("GET", "/healthz")).status).toBe(200);
  });
});

describe("a filter", () => {
  it("of pools by labels takes one or several, and refuses what is no KEY=VALUE", async () => {
    for (const query of ["label=a%3Db", "label=a%3Db&label=c%3Dd"]) {
      expect((await service.raw("GET", `/v1/template-warm-pools?${query}`)).json).toEqual({ items: [] });
    }
    const { status, json } = await service.raw("GET", "/v1/template-warm-pools?label=a%3Db&label=0");
    expect([status, json.error]).toEqual([400, expect.stringContaining("label[1]: must be KEY=VALUE")]);
  });
});

describe("the key", () => {
  it("is needed for everything but the health call", async () => {
    expect((await service.raw("GET", "/healthz", { headers: { authorization: "" } })).status).toBe(200);
    for (const authorization of [
      "",
      "Bearer",
      "Bearer wrong",
      `Basic ${service.service.apiKey}`,
      `Bearer ${service.service.apiKey}x`,
    ]) {
      for (const path of ["/v1/templates", "/v1/unknown", "/v1/template-warm-pools"]) {
        const { status, json } = await service.raw("GET", path, { headers: { authorization } });
        expect([status, json.code]).toEqual([401, "unauthorized"]);
        expect(json.suggested_action).toContain("NULLSPACE_API_KEY");
        expect(JSON.stringify(json)).not.toContain(service.service.apiKey);
      }
    }
  });

  it("is taken whatever the case of the scheme", async () => {
    const headers = { authorization: `bearer ${service.service.apiKey}` };
    expect((await service.raw("GET", "/v1/templates", { headers })).status).toBe(200);
  });
});

describe("a body", () => {
  it("that is empty is no body, and one that is no JSON is refused", async () => {
    const headers = { "content-type": "application/json" };
    const empty = await service.raw("POST", "/v1/templates/builds/tb_none/cancel", { headers });
    expect(empty.json.code).toBe("template_build_not_found");
    const broken = await service.raw("POST", "/v1/templates/builds/tb_none/cancel", { headers, body: "{" });
    expect([broken.status, broken.json.code]).toEqual([400, "invalid_request"]);
  });

  it("names the member that is wrong, and at most five of many", async () => {
    const { status, json } = await service.call("POST", "/v1/templates/builds", {
      base_image: "busybox",
      steps: [
        { action: "run", command: "" },
        { action: "fly" },
        ...Array.from({ length: 9 }, () => ({ action: "run" })),
      ],
    });
    expect([status, json.code]).toEqual([400, "invalid_request"]);
    expect(json.error).toMatch(/steps\[0\]\.command: .*; steps\[1\]\.action: .*; and \d+ more$/);
    expect(json.details.problems).toHaveLength(5);
  });

  it("that is too large is refused with 413", async () => {
    const { status, json } = await service.call("POST", "/v1/templates/claims", {
      template_ref: "x".repeat(2_000_000),
    });
    expect([status, json.code]).toEqual([413, "invalid_request"]);
  });
});

describe("a build request", () => {
  const base = { name: "web", base_image: "busybox:1" };

  it.each([
    ["nothing to build from", { name: "web" }, /base_image: .*nothing to build from/],
    ["two sources", { ...base, dockerfile: "FROM x" }, /base_image: a dockerfile names its own base/],
    ["a name with a tag", { ...base, name: "web:v1" }, /name: "web:v1" is not a name/],
    ["a name in upper case", { ...base, name: "Web" }, /name: .*"Web" must be 1 to 128 characters/],
    ["an id for a name", { ...base, name: "tmpl_x" }, /name: "tmpl_x" is not a name/],
    ["a namespace that there is none of", { ...base, name: "acme/web" }, /there is no namespace acme here/],
    ["a tag that looks like a build", { ...base, tags: ["tb_1"] }, /tags\[0\]: must be 1 to 128 characters/],
    ["no tags at all", { ...base, tags: [] }, /tags: /],
    [
      "a Dockerfile for the native backend",
      { name: "web", dockerfile: "FROM x", build_backend: "native" },
      /build_backend: native does not build/,
    ],
    [
      "an unknown instruction",
      { name: "web", dockerfile: "FROM x\nFLY away" },
      /dockerfile: line 2: there is no instruction FLY/,
    ],
    [
      "a Dockerfile without FROM",
      { name: "web", dockerfile: "RUN x" },
      /dockerfile: line 1: RUN stands before the first FROM/,
    ],
    [
      "a stage that there is none of",
      { name: "web", dockerfile: "FROM x AS a", build_target: "b" },
      /there is no stage "b"/,
    ],
    [
      "a Dockerfile path that is not in the context",
      { name: "web", dockerfile_path: "D" },
      /dockerfile_path: there is no file "D"/,
    ],
    [
      "a base that is no image",
      { name: "web", base_image: "No Image" },
      /base_image: "No Image" is not an image reference/,
    ],
    [
      "a copy of what was not sent",
      { ...base, steps: [{ action: "copy", sources: ["a"], dst: "/a" }] },
      /steps\[0\]: the source "a" is not in build_context/,
    ],
    [
      "a copy from outside",
      { ...base, steps: [{ action: "copy", sources: ["../a"], dst: "/a" }] },
      /steps\[0\]: the source "..\/a" leaves/,
    ],
    [
      "a secret given twice",
      {
        name: "web",
        dockerfile: "FROM x",
        build_secrets: [
          { id: "a", value: "1" },
          { id: "a", value: "2" },
        ],
      },
      /build_secrets\[1\]\.id: "a" is given twice/,
    ],
    [
      "credentials for a registry that is not named",
      { ...base, registry_auth: [{ registry: "r.example", auth: { kind: "basic", username: "u", password: "p" } }] },
      /registry_auth\[0\]\.registry: nothing in the build names/,
    ],
  ])("with %s is refused, and validate says the same", async (_what, body, message) => {
    const refused = await service.call("POST", "/v1/templates/builds", body);
    expect([refused.status, refused.json.code]).toEqual([400, "invalid_request"]);
    expect(refused.json.error).toMatch(message);
    const validation = await service.call("POST", "/v1/templates/validate", body);
    expect([validation.status, validation.json.valid]).toEqual([200, false]);
    expect(validation.json.errors[0].message).toMatch(message);
  });

  it.each([
    ["an argument's value", { dockerfile: "ARG R\nFROM $R/x", build_args: { R: "r.example" } }],
    ["an argument's default", { dockerfile: "ARG R=r.example\nFROM ${R}/x" }],
    ["a copy from an image", { dockerfile: "FROM scratch\nCOPY --from=r.example/x / /" }],
    ["an argument that nobody knows", { dockerfile: "ARG R\nFROM $R/x" }],
    ["a plain image, which is Docker Hub's", { dockerfile: "FROM busybox" }, "https://index.docker.io/v1/"],
    ["a base image", { base_image: "r.example/x" }],
  ])("may bring credentials for a registry that is named by %s", async (_what, body, registry = "r.example") => {
    const auth = { kind: "basic", username: "u", password: "p" };
    const { json } = await service.call("POST", "/v1/templates/validate", {
      name: "web",
      ...body,
      registry_auth: [{ registry, auth }],
    });
    expect(json).toMatchObject({ valid: true });
  });

  it("on a template that does not exist is refused as such", async () => {
    const { status, json } = await service.call("POST", "/v1/templates/builds", {
      ...base,
      base_image: "local/none:v1",
    });
    expect([status, json.code]).toEqual([404, "template_not_found"]);
    expect(json.error).toContain("base_image");
  });

  it("of the service's own namespace is forbidden", async () => {
    const { status, json } = await service.call("POST", "/v1/templates/builds", { ...base, name: "nullspace/web" });
    expect([status, json.code]).toEqual([403, "permission_denied"]);
  });

  it("needs an engine only when nothing else is wrong with it", async () => {
    const { status, json } = await service.call("POST", "/v1/templates/builds", base);
    expect([status, json.code]).toEqual([503, "engine_unavailable"]);
    expect((await service.call("GET", "/v1/templates/refs/web/builds")).json.code).toBe("template_not_found");
  });
});

describe("blobs", () => {
  const SHA = {
    a: "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    empty: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  };
  const files = [
    { path: "d", entry_type: "dir", mode: "0755" },
    { path: "d/a", entry_type: "file", sha256: SHA.a, size_bytes: 1 },
    { path: "e", entry_type: "file", sha256: SHA.empty, size_bytes: 0 },
  ];
  const octets = { "content-type": "application/octet-stream" };
  const leftovers = () => readdirSync(join(service.dataDirectory, "blobs", "incoming"));

  it("are asked for, sent, and not asked for again, but where a fresh upload is requested", async () => {
    const asked = await service.call("POST", "/v1/templates/blobs/preflight", { files });
    expect(asked.json.files).toEqual([
      { path: "d", entry_type: "dir", mode: "0755", missing: false },
      { path: "d/a", entry_type: "file", missing: true, blob_id: `blob_${SHA.a}` },
      { path: "e", entry_type: "file", missing: true, blob_id: `blob_${SHA.empty}` },
    ]);
    expect((await service.raw("PUT", `/v1/templates/blobs/blob_${SHA.a}`, { body: "a", headers: octets })).status).toBe(
      204,
    );
    expect(
      (await service.raw("PUT", `/v1/templates/blobs/blob_${SHA.empty}`, { body: "", headers: octets })).status,
    ).toBe(204);
    const again = await service.call("POST", "/v1/templates/blobs/preflight", {
      files: [files[1], { ...files[1], path: "f", force_upload: true }, files[2]],
    });
    expect(again.json.files.map(({ missing }: { missing: boolean }) => missing)).toEqual([false, true, false]);
  });

  it.each([
    ["unknown_blob", "blob_unknown", "a"],
    ["size_mismatch", `blob_${SHA.a}`, "ab"],
    ["digest_mismatch", `blob_${SHA.a}`, "b"],
  ])("are refused with %s, and leave nothing", async (reason, blobId, body) => {
    await service.call("POST", "/v1/templates/blobs/preflight", { files });
    const { status, json } = await service.raw("PUT", `/v1/templates/blobs/${blobId}`, { body, headers: octets });
    expect([status, json.code]).toEqual([400, "file_upload_error"]);
    expect(json.error_detail).toMatchObject({
      phase: "blob_upload",
      retryable: false,
      details: { reason, blob_id: blobId },
    });
    expect(leftovers()).toEqual([]);
  });

  it("that break off in the middle leave nothing", async () => {
    const bytes = 1_000_000;
    const sha256 = "f".repeat(64);
    await service.call("POST", "/v1/templates/blobs/preflight", {
      files: [{ path: "big", entry_type: "file", sha256, size_bytes: bytes }],
    });
    const { hostname, port } = new URL(service.service.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `PUT /v1/templates/blobs/blob_${sha256} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${service.service.apiKey}\r\n` +
        `content-type: application/octet-stream\r\ncontent-length: ${bytes}\r\n\r\n${"x".repeat(1000)}`,
    );
    await expect.poll(leftovers).toHaveLength(1);
    socket.destroy();
    await expect.poll(leftovers).toEqual([]);
    const after = await service.call("POST", "/v1/templates/blobs/preflight", {
      files: [{ path: "big", entry_type: "file", sha256, size_bytes: bytes }],
    });
    expect(after.json.files[0].missing).toBe(true);
  });

  it("that are too large, too many, or of two sizes are refused before anything is sent", async () => {
    const huge = await service.call("POST", "/v1/templates/blobs/preflight", {
      files: [{ path: "h", entry_type: "file", sha256: "0".repeat(64), size_bytes: 1024 ** 3 }],
    });
    const many = await service.call("POST", "/v1/templates/blobs/preflight", {
      files: Array.from({ length: 20_001 }, (_, index) => ({ path: `d${index}`, entry_type: "dir" })),
    });
    await service.raw("PUT", `/v1/templates/blobs/blob_${SHA.a}`, { body: "a", headers: octets });
    const lying = await service.call("POST", "/v1/templates/blobs/preflight", {
      files: [{ ...files[1], size_bytes: 2 }],
    });
    expect(
      [huge, many, lying].map(({ json }) => [json.code, json.error_detail.phase, json.error_detail.details.reason]),
    ).toEqual([
      ["file_upload_error", "preflight", "file_too_large"],
      ["file_upload_error", "preflight", "too_many_entries"],
      ["file_upload_error", "preflight", "conflicting_sizes"],
    ]);
  });

  it("that a build names must have been uploaded, under paths that fit together", async () => {
    const build = (context: object[]) =>
      service.call("POST", "/v1/templates/builds", {
        name: "ctx",
        dockerfile: "FROM x",
        build_context: { files: context },
      });
    const file = (path: string, blob_id = `blob_${SHA.a}`) => ({ path, entry_type: "file", blob_id });
    const answers = [
      await build([file("x", "blob_none")]),
      await build([file("x", `blob_${"f".repeat(64)}`)]),
      await build([file("x"), file("x")]),
      await build([file("x"), file("x/y")]),
    ];
    expect(answers.map(({ json }) => json.error_detail?.details.reason)).toEqual([
      "unknown_blob",
      "blob_not_uploaded",
      "duplicate_path",
      "path_conflict",
    ]);
    for (const path of ["/abs", "../up", "a/../b", "a//b", "./a", ""]) {
      const { status, json } = await build([file(path)]);
      expect([status, json.code]).toEqual([400, "invalid_request"]);
    }
  });
});

describe("a template in any form of its path", () => {
  it("is 404 template_not_found when there is none, and 400 when it is no ref", async () => {
    for (const path of [
      "refs/none",
      "refs/acme%2Fnone%3Av1",
      "refs/acme/none",
      "none",
      "refs/tmpl_none",
      "refs/local/none/tags",
    ]) {
      const { status, json } = await service.call("GET", `/v1/templates/${path}`);
      expect([path, status, json.code]).toEqual([path, 404, "template_not_found"]);
    }
    for (const path of ["refs/a%2Fb%2Fc", "refs/UPPER", "refs/a%20b", "refs/web%3Atb_%2F"]) {
      const { status, json } = await service.call("GET", `/v1/templates/${path}`);
      expect([path, status, json.code]).toEqual([path, 400, "invalid_request"]);
    }
  });
});
