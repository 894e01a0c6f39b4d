import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pino } from "pino";
import { failureDetail, BuildFailure } from "../../../service/builds/build-failure.ts";
import { listBuilds } from "../../../service/builds/build-history.ts";
import { getBuild, isFinal } from "../../../service/builds/build-record.ts";
import {
  markBuilding,
  markCancelled,
  markFailed,
  markReady,
  markWaiting,
} from "../../../service/builds/build-transitions.ts";
import { buildView } from "../../../service/builds/build-view.ts";
import { logFrames } from "../../../service/http/event-stream.ts";
import { assignTags, removeTag } from "../../../service/templates/tags.ts";
import { Retention } from "../../../service/templates/retention.ts";
import { DEFAULT_STORAGE_LIMITS } from "../../../service/templates/storage-limits.ts";
import { resolveTemplate } from "../../../service/templates/resolve.ts";
import { later, now } from "../../../service/clock.ts";
import { MemoryArtifacts } from "./memory-artifacts.ts";
import { TemplateStore } from "./template-store.ts";

let store: TemplateStore;

beforeEach(() => {
  store = new TemplateStore();
});

afterEach(() => {
  store[Symbol.dispose]();
});

const DAY = 24 * 60 * 60_000;

/** The template's history, as its pages give it. */
function pages(limit: number, filter: object = {}): string[][] {
  const all: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = listBuilds(
      store.db,
      resolveTemplate(store.db, "web") && keyOf("web"),
      { limit, cursor, ...filter },
      DAY,
    );
    all.push(page.builds.map(({ build_id }) => build_id));
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

function keyOf(name: string): number {
  return (
    store.db.get<{ template_key: number }>("SELECT template_key FROM templates WHERE name = ?", [name]) as {
      template_key: number;
    }
  ).template_key;
}

describe("the history of a template", () => {
  it("comes newest first, in pages that neither repeat nor drop a build", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) ids.unshift((await store.ready({ name: "web" })).buildId);
    // Of one millisecond, the id decides.
    store.db.run("UPDATE builds SET created_at = '2026-01-01T00:00:00.000Z'");
    expect(pages(3)).toEqual([
      ids.toSorted().reverse().slice(0, 3),
      ids.toSorted().reverse().slice(3, 6),
      ids.toSorted().reverse().slice(6),
    ]);
    expect(pages(7)).toHaveLength(1);
    expect(pages(100).flat()).toHaveLength(7);
  });

  it("is filtered by status, backend and source", async () => {
    const ready = await store.ready({ name: "web" });
    const waiting = await store.accept({
      name: "web",
      steps: [{ action: "run", command: "x" }],
      build_backend: "buildkit",
    });
    expect(pages(10, { status: "ready" })).toEqual([[ready.buildId]]);
    expect(pages(10, { backend: "buildkit" })).toEqual([[waiting]]);
    expect(pages(10, { source_type: "oci_import" })).toEqual([[ready.buildId]]);
  });

  it("refuses a cursor that is none", async () => {
    await store.ready({ name: "web" });
    expect(() => pages(1, { cursor: "nonsense" })).toThrow(/cursor: this is not a cursor/);
  });
});

describe("the digests of a build", () => {
  it("are equal for equal sources and contexts in any order, and differ for others", async () => {
    const file = (path: string, text: string, mode = "0644") => ({
      path,
      entry_type: "file",
      mode,
      content_base64: Buffer.from(text).toString("base64"),
    });
    const digests = async (request: object) => {
      const { sourceDigest, contextDigest } = getBuild(store.db, await store.accept({ name: "web", ...request }));
      return [sourceDigest, contextDigest];
    };
    const steps = [{ action: "run", command: "x" }];
    const one = await digests({ steps, build_context: { files: [file("a", "1"), file("b", "2")] } });
    expect(
      await digests({
        name: "other",
        tags: ["t"],
        skip_cache: true,
        steps,
        build_context: { files: [file("b", "2", "0600"), file("a", "1")] },
      }),
    ).toEqual(one);
    for (const files of [
      [file("a", "1")],
      [file("a", "1"), file("b", "3")],
      [file("a", "1"), file("b", "2", "0755")],
      [file("a", "1"), file("c", "2")],
    ]) {
      expect((await digests({ steps, build_context: { files } }))[1]).not.toBe(one[1]);
    }
    expect((await digests({ steps: [{ action: "run", command: "y" }] }))[0]).not.toBe(one[0]);
    expect((await digests({ steps }))[1]).toBeNull();
  });
});

describe("the definition of a build", () => {
  it("holds no credential, only what it takes to ask for it again", async () => {
    const buildId = await store.accept({
      name: "web",
      base_image: undefined,
      dockerfile: "FROM registry.example/a",
      base_image_auth: { kind: "basic", username: "u", password: "pass-word" },
      registry_auth: [{ registry: "registry.example", auth: { kind: "basic", username: "u", password: "other-word" } }],
      build_secrets: [{ id: "token", value: "se-cret" }],
      invented_member: "a-secret-in-an-unknown-member",
    });
    const everything =
      JSON.stringify(store.db.all("SELECT * FROM builds")) + JSON.stringify(store.db.all("SELECT * FROM log_entries"));
    expect(everything).not.toMatch(/pass-word|other-word|se-cret|a-secret/);
    expect(JSON.parse(getBuild(store.db, buildId).definition)).toMatchObject({
      secret_ids: ["token"],
      base_image_auth_kind: "basic",
      registries: ["registry.example"],
    });
  });
});

describe("the state of a build", () => {
  const failure = failureDetail(
    new BuildFailure("no", { phase: "build_step", reason: "r", suggestedAction: "s" }),
    "tb",
  );
  const image = { imageId: "sha256:1", imageRef: "i", ociMetadata: {}, cache: {} as never };

  it("is final once, whoever comes second, and has one last entry then", async () => {
    const moves = [
      (id: string) => markReady(store, id, image),
      (id: string) => markFailed(store, id, failure),
      (id: string) => markCancelled(store, id, "why"),
    ];
    for (const first of moves) {
      for (const second of moves) {
        const buildId = await store.accept({ name: "web" });
        expect(markBuilding(store, buildId)).toBe(true);
        expect(first(buildId)).toBe(true);
        const record = getBuild(store.db, buildId);
        expect(isFinal(record.status)).toBe(true);
        expect(second(buildId)).toBe(false);
        markWaiting(store, buildId, "no");
        expect(markBuilding(store, buildId)).toBe(false);
        expect(getBuild(store.db, buildId)).toEqual(record);
        const kinds = store.buildLog.read(buildId, 0).map(({ entry }) => (JSON.parse(entry) as { kind: string }).kind);
        expect(kinds.filter((kind) => ["end", "error", "cancelled"].includes(kind))).toEqual([kinds.at(-1)]);
      }
    }
  });

  it("is told without a null in it", async () => {
    const { buildId } = await store.ready({ name: "web" });
    const waiting = await store.accept({ name: "web" });
    for (const id of [buildId, waiting]) {
      expect(JSON.stringify(buildView(store.db, getBuild(store.db, id), DAY))).not.toContain("null");
    }
  });
});

describe("the log of a build", () => {
  const message = (text: string) => ({ kind: "message", level: "info", message: text }) as const;

  it("has dense offsets from 0, and wakes who waits after the entry is there", async () => {
    const buildId = await store.accept({ name: "web" });
    const woken = store.buildLog.waitForEntry(buildId, 10_000, store.signal);
    store.buildLog.append(buildId, message("one"));
    expect(await woken).toBe(true);
    expect(store.buildLog.read(buildId, 0).map(({ offset }) => offset)).toEqual([0, 1]);
    expect(await store.buildLog.waitForEntry(buildId, 1, store.signal)).toBe(false);
    expect(await store.buildLog.waitForEntry(buildId, 10_000, AbortSignal.abort())).toBe(false);
  });

  it("cuts a message without end, and stops at its limit but for the last entry", async () => {
    const buildId = await store.accept({ name: "web" });
    store.buildLog.append(buildId, message("x".repeat(100_000)));
    const [, long] = store.buildLog.read(buildId, 0);
    expect(JSON.parse(long?.entry ?? "").message).toMatch(/^x{16384}… \(100000 characters\)$/);
    store.db.run("UPDATE builds SET log_bytes = ? WHERE build_id = ?", [32 * 1024 * 1024 - 10, buildId]);
    for (const text of ["last", "dropped", "dropped"]) store.buildLog.append(buildId, message(text));
    markBuilding(store, buildId);
    store.finish(buildId);
    const messages = store.buildLog
      .read(buildId, 2)
      .map(({ entry }) => (JSON.parse(entry) as { message: string }).message);
    expect(messages).toEqual(["last", expect.stringContaining("limit"), expect.stringContaining("Build ready")]);
  });

  it("is streamed with a sign of life while nothing happens, and ends with the build", async () => {
    const buildId = await store.accept({ name: "web" });
    const frames = logFrames({
      buildLog: store.buildLog,
      buildId,
      offset: 0,
      follow: true,
      isFinal: () => isFinal(getBuild(store.db, buildId).status),
      signal: store.signal,
      heartbeatMs: 1,
    });
    const seen: string[] = [];
    for await (const frame of frames) {
      seen.push(frame);
      if (frame.startsWith(": heartbeat") && !isFinal(getBuild(store.db, buildId).status)) {
        markBuilding(store, buildId);
        store.finish(buildId);
      }
    }
    expect(seen[0]).toMatch(/^: /);
    expect(
      seen
        .filter((frame) => frame.startsWith("id: "))
        .join("")
        .match(/^id: \d+$/gm),
    ).toEqual(["id: 0", "id: 1", "id: 2"]);
    expect(seen).toContain(": heartbeat\n\n");
    expect(seen.at(-1)).toContain('"kind":"end"');
  });

  it("escapes what some clients take for the end of a line", async () => {
    const buildId = await store.accept({ name: "web" });
    store.buildLog.append(buildId, message("a\u2028b\u0085c\u000bd\u001ee\nf"));
    const options = {
      buildLog: store.buildLog,
      buildId,
      offset: 1,
      follow: false,
      isFinal: () => false,
      signal: store.signal,
    };
    let text = "";
    for await (const frame of logFrames(options)) text += frame;
    expect(text.split(/[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]/).filter((line) => line.startsWith("data: "))).toHaveLength(
      1,
    );
    expect(JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "").message).toBe("a\u2028b\u0085c\u000bd\u001ee\nf");
  });
});

describe("retention", () => {
  // A store that only remembers what it was told to remove: what is proved here is who is told, and when.
  let artifacts: MemoryArtifacts;
  const removed = (): string[] => artifacts.removed.map((name) => name.slice(artifacts.nameOf("").length));

  function retention(artifactUses: ConstructorParameters<typeof Retention>[0]["artifactUses"] = []) {
    return new Retention({
      ...store,
      db: store.db,
      blobs: store.blobs,
      artifacts,
      artifactUses,
      log: pino({ level: "silent" }),
      retentionMs: 30 * DAY,
      limits: DEFAULT_STORAGE_LIMITS,
    });
  }

  beforeEach(() => {
    artifacts = new MemoryArtifacts();
  });

  it("keeps what a tag, a pool or a child needs, and reclaims the rest after its time", async () => {
    const tagged = await store.ready({ name: "tagged" });
    const pooled = await store.ready({ name: "pooled", tags: ["x"] });
    const parent = await store.ready({ name: "parent", tags: ["x"] });
    await store.ready({ name: "child", base_image: "local/parent:x" });
    const free = await store.ready({ name: "free", tags: ["x"] });
    for (const name of ["pooled", "parent", "free"]) removeTag(store.db, () => [], name, "x");
    const uses = [
      () => [{ kind: "warm_pool" as const, id: "twp_1", templateId: pooled.templateId, label: "", blocksDelete: true }],
    ];
    const at = now();
    await retention(uses).sweep(later(at, 29 * DAY));
    expect(removed()).toEqual([]);
    expect(buildView(store.db, getBuild(store.db, free.buildId), 30 * DAY).retention_expires_at).toBeDefined();
    await retention(uses).sweep(later(at, 31 * DAY));
    expect(removed()).toEqual([free.templateId]);
    expect(buildView(store.db, getBuild(store.db, free.buildId), 30 * DAY)).toMatchObject({
      promotability: { status: "purged" },
      artifact_availability: { status: "unavailable" },
    });
    for (const { templateId } of [tagged, pooled, parent])
      expect(resolveTemplate(store.db, templateId).templateId).toBe(templateId);
    // The pool lets go: its time begins now, not when the tag went.
    await retention().sweep(later(at, 40 * DAY));
    await retention().sweep(later(at, 60 * DAY));
    expect(removed()).toEqual([free.templateId]);
    await retention().sweep(later(at, 71 * DAY));
    expect(removed()).toEqual([free.templateId, pooled.templateId]);
  });

  it("says expired while the engine does not let the image go, and begins again when a tag comes back in time", async () => {
    const { templateId, buildId } = await store.ready({ name: "web", tags: ["x"] });
    artifacts.inUse.add(`nullspace-local/${templateId}`);
    removeTag(store.db, () => [], "web", "x");
    const at = now();
    await retention().sweep(later(at, 20 * DAY));
    assignTags(store.db, templateId, ["y"]);
    await retention().sweep(later(at, 40 * DAY));
    expect(resolveTemplate(store.db, "web:y").templateId).toBe(templateId);
    removeTag(store.db, () => [], "web", "y");
    await retention().sweep(later(at, 71 * DAY));
    expect(buildView(store.db, getBuild(store.db, buildId), 30 * DAY).promotability).toMatchObject({
      status: "expired",
      promotable: false,
    });
    artifacts.inUse.clear();
    await retention().sweep(later(at, 72 * DAY));
    expect(buildView(store.db, getBuild(store.db, buildId), 30 * DAY).promotability).toMatchObject({
      status: "purged",
    });
  });
});
