import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { answerTimeout } from "../../../sdk/concurrency/index.ts";
import { MAX_BODY_VALUES } from "../../../service/http/bounded-bodies.ts";
import { Database } from "../../../service/store/database.ts";
import { join } from "node:path";
import { LonelyService } from "./lonely-service.ts";

let service: LonelyService;

beforeAll(async () => {
  service = await LonelyService.start();
});

afterAll(() => service[Symbol.asyncDispose]());

it.each(["/v1/templates/blobs/preflight", "/v1/templates/builds", "/v1/templates/validate"])(
  "a million entries in one body are counted, not read: %s",
  async (path) => {
    let sent = 0;
    function* entries() {
      yield `{"files":[`;
      for (const line = `{"path":"a","entry_type":"dir"},`.repeat(1000); sent < 1_400_000; sent += 1000) yield line;
      yield `{}]}`;
    }
    const body = Readable.from(entries(), { objectMode: false });
    const refused = service.raw("POST", path, { body, headers: { "content-type": "application/json" } });
    const { status, json } = await refused;
    expect([status, json.code]).toEqual([400, "file_upload_error"]);
    expect(json.error_detail.details).toMatchObject({ reason: "too_many_entries", entries: 1_400_001 });
    expect((await service.raw("GET", "/healthz")).status).toBe(200);
  },
);

it("as many values that are no entries are refused as well", async () => {
  const tags = Array.from({ length: MAX_BODY_VALUES }, (_, i) => i);
  const { status, json } = await service.call("POST", "/v1/templates/builds", { name: "many", tags });
  expect([status, json.code]).toEqual([413, "invalid_request"]);
  expect(json.error).toContain(`the most is ${MAX_BODY_VALUES}`);
});

it("as many entries as a context may have are taken", async () => {
  const files = Array.from({ length: 20_000 }, (_, i) => ({
    path: `d/${i}`,
    entry_type: "file",
    mode: "0644",
    sha256: i.toString(16).padStart(64, "0"),
    size_bytes: i,
    force_upload: false,
  }));
  expect((await service.call("POST", "/v1/templates/blobs/preflight", { files })).status).toBe(200);
});

it("a long log is answered whole, in both forms", async () => {
  const count = 1234;
  const db = new Database(join(service.dataDirectory, "store.db"));
  db.run(
    "INSERT INTO templates (namespace, name, visibility, created_at, updated_at) VALUES ('local', 'long', 'private', '', '')",
  );
  db.run(
    `INSERT INTO builds (build_id, template_id, template_key, name, tags, status, build_backend, source_type, source_digest,
       definition, needs_credentials, inline_context, triggered_by, created_at, updated_at, queued_at, next_offset)
     SELECT 'tb_long', 'tmpl_long', template_key, 'long', '[]', 'cancelled', 'native', 'dockerfile', 'sha256:0', '{}', 0, 0,
       'local', $at, $at, $at, $count FROM templates WHERE name = 'long'`,
    { $at: new Date().toISOString(), $count: count },
  );
  for (let offset = 0; offset < count; offset++) {
    const entry = { build_id: "tb_long", template_id: "tmpl_long", offset, timestamp: new Date(), kind: "message" };
    db.run("INSERT INTO log_entries VALUES ('tb_long', ?, ?)", [
      offset,
      JSON.stringify({ ...entry, level: "info", message: `line "${offset}"` }),
    ]);
  }
  db.close();
  const path = "/v1/templates/builds/tb_long";
  for (const [offset, answer] of [
    [0, await service.raw("GET", path)],
    [100, await service.raw("GET", `${path}?offset=100`)],
    [1200, await service.raw("GET", `${path}?offset=1200`)],
    [9999, await service.raw("GET", `${path}?offset=9999`)],
    [0, await service.call("POST", `${path}/cancel`, {})],
  ] as const) {
    expect(answer.status).toBe(200);
    expect(answer.json.build).toMatchObject({ build_id: "tb_long", status: "cancelled" });
    expect(answer.json.next_offset).toBe(Math.max(count, offset));
    const offsets = answer.json.entries.map((entry: { offset: number }) => entry.offset);
    expect(offsets).toEqual(Array.from({ length: Math.max(0, count - offset) }, (_, i) => offset + i));
  }
  const { text } = await service.raw("GET", `${path}/logs?offset=0`);
  expect(text.match(/^id: \d+$/gm)).toHaveLength(count);
});

it("an answer is not late because this process was busy", async () => {
  using busy = answerTimeout(300);
  const until = performance.now() + 1000;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(busy.signal.aborted).toBe(false);
  await new Promise((resolve) => busy.signal.addEventListener("abort", resolve));
  expect(busy.signal.reason).toMatchObject({ name: "TimeoutError" });
});
