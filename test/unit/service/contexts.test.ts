import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { getBuild } from "../../../service/builds/build-record.ts";
import { contextFilesOf } from "../../../service/builds/stored-context.ts";
import { forgetContexts } from "../../../service/store/contexts.ts";
import { Database } from "../../../service/store/database.ts";
import { MIGRATIONS } from "../../../service/store/migrations/index.ts";
import { TemplateStore } from "./template-store.ts";

function open(): TemplateStore {
  const store = new TemplateStore();
  onTestFinished(() => store[Symbol.dispose]());
  return store;
}

function inline(path: string, text: string) {
  return { path, entry_type: "file", content_base64: Buffer.from(text).toString("base64") };
}

function count(store: TemplateStore, table: "contexts" | "context_blobs" | "blobs"): number {
  return store.db.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0;
}

it("builds of the same files share one stored context, in whatever order the files came", async () => {
  const store = open();
  const [a, b] = [inline("a", "1"), inline("b", "2")];
  const first = await store.accept({ name: "one", build_context: { files: [a, b] } });
  const second = await store.accept({ name: "two", build_context: { files: [b, a] } });
  await store.accept({ name: "three", build_context: { files: [{ ...a, mode: "0600" }, b] } });
  expect([count(store, "contexts"), count(store, "context_blobs"), count(store, "blobs")]).toEqual([2, 4, 2]);
  const files = contextFilesOf(store.db, getBuild(store.db, second));
  expect(files).toEqual(contextFilesOf(store.db, getBuild(store.db, first)));
  const digest = createHash("sha256").update("1").digest("hex");
  expect(files[0]).toEqual({ path: "a", entry_type: "file", mode: "0644", blob_id: `blob_${digest}` });
});

it("a context is kept as long as one build of it is young, and then says that it is gone", async () => {
  const store = open();
  const build_context = { files: [inline("a", "1")] };
  const { buildId: old } = await store.ready({ name: "one", build_context });
  const young = await store.accept({ name: "two", build_context });
  const later = "2999-01-01T00:00:00.000Z";
  forgetContexts(store.db, later);
  await store.blobs.sweep(later);
  expect([count(store, "contexts"), count(store, "blobs")]).toEqual([1, 1]);
  store.db.run("UPDATE builds SET status = 'cancelled', finished_at = created_at WHERE build_id = ?", [young]);
  forgetContexts(store.db, later);
  await store.blobs.sweep(later);
  expect([count(store, "contexts"), count(store, "blobs")]).toEqual([0, 0]);
  expect(() => contextFilesOf(store.db, getBuild(store.db, old))).toThrow(`files of build ${old} are past`);
  await store.accept({ name: "two", build_context });
  expect([count(store, "contexts"), count(store, "context_blobs")]).toEqual([1, 1]);
});

it("a store from before contexts were shared keeps the files of its builds", () => {
  const folder = mkdtempSync(join(tmpdir(), "nullspace-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "store.db");
  const before = new Database(
    path,
    MIGRATIONS.filter(({ number }) => number < 4),
  );
  const files = [{ path: "a", entry_type: "file", mode: "0644", blob_id: "blob_00" }];
  const insert = (buildId: string, definition: object): void => {
    before.run(
      `INSERT INTO builds (build_id, template_id, template_key, name, tags, status, build_backend, source_type,
         source_digest, definition, needs_credentials, inline_context, triggered_by, created_at, updated_at, queued_at)
       VALUES ($id, 'tmpl' || $id, 1, 'x', '[]', 'ready', 'native', 'declarative', '', $definition, 0, 0, 'me', '', '', '')`,
      { $id: buildId, $definition: JSON.stringify(definition) },
    );
  };
  before.run("INSERT INTO templates VALUES (1, 'local', 'x', 'private', 0, '', '', NULL)");
  before.run("INSERT INTO blobs VALUES ('00', 1, '', '')");
  insert("tb_1", { base_image: "b", build_context: { files }, skip_cache: true });
  insert("tb_2", { base_image: "b" });
  before.run("INSERT INTO build_blobs VALUES ('tb_1', '00')");
  before.close();
  const after = new Database(path);
  onTestFinished(() => after.close());
  const one = getBuild(after, "tb_1");
  expect(JSON.parse(one.definition)).toEqual({ base_image: "b", skip_cache: true });
  expect(contextFilesOf(after, one)).toEqual(files);
  expect(contextFilesOf(after, getBuild(after, "tb_2"))).toEqual([]);
  expect(after.all("SELECT * FROM context_blobs")).toEqual([{ context_key: "tb_1", digest: "00" }]);
});
