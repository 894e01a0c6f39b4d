import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listAliases, removeAlias } from "../../../service/templates/aliases.ts";
import { consumeClaim, releaseName, reserveName } from "../../../service/templates/claims.ts";
import { deleteRef } from "../../../service/templates/delete-template.ts";
import { listTemplates } from "../../../service/templates/list-templates.ts";
import { renameTemplate } from "../../../service/templates/rename.ts";
import type { TagFollower } from "../../../service/store/tag-follower.ts";
import { resolveTemplate } from "../../../service/templates/resolve.ts";
import { assignTags, listTags, removeTag } from "../../../service/templates/tags.ts";
import { describeRef } from "../../../service/templates/template-view.ts";
import { setVisibility } from "../../../service/templates/visibility.ts";
import { getBuild } from "../../../service/builds/build-record.ts";
import { markBuilding, markCancelled } from "../../../service/builds/build-transitions.ts";
import { buildView } from "../../../service/builds/build-view.ts";
import { TemplateStore } from "./template-store.ts";

let store: TemplateStore;

beforeEach(() => {
  store = new TemplateStore();
});

afterEach(() => {
  store[Symbol.dispose]();
});

/** The error that `work` throws, as what a test compares. */
function failure(work: () => unknown): { code: string; status: number; message: string; reason?: string } {
  try {
    work();
  } catch (error) {
    const { code, status, message, reason } = error as {
      code: string;
      status: number;
      message: string;
      reason?: string;
    };
    return { code, status, message, ...(reason !== undefined && { reason }) };
  }
  throw new Error("nothing was thrown");
}

describe("a ref", () => {
  it("leads to the same artifact in every form of the grammar", async () => {
    const { buildId, templateId } = await store.ready({ name: "web", tags: ["v1"] });
    for (const ref of [
      "web",
      "web:v1",
      "local/web",
      "local/web:v1",
      `web:${buildId}`,
      `local/web:${buildId}`,
      templateId,
    ]) {
      expect(resolveTemplate(store.db, ref)).toMatchObject({ templateId, buildId, canonicalRef: "local/web" });
    }
  });

  it("says why it leads nowhere", async () => {
    await store.ready({ name: "web" });
    await store.accept({ name: "young" });
    const other = await store.ready({ name: "other" });
    const reasons = Object.fromEntries(
      ["none", "acme/web", "web:v9", `web:${other.buildId}`, "tmpl_none", "young", "young:default"].map((ref) => {
        const { code, status, reason } = failure(() => resolveTemplate(store.db, ref));
        expect([code, status]).toEqual(["template_not_found", 404]);
        return [ref, reason];
      }),
    );
    expect(reasons).toEqual({
      none: "unknown_name",
      "acme/web": "unknown_name",
      "web:v9": "unknown_tag",
      [`web:${other.buildId}`]: "unknown_build",
      tmpl_none: "unknown_build",
      young: "not_ready",
      "young:default": "unknown_tag",
    });
  });

  it("without a tag means default, then latest, then the build that became ready last", async () => {
    const first = await store.ready({ name: "web", tags: ["v1"] });
    const second = await store.ready({ name: "web", tags: ["v2"] });
    const meaning = (): string => resolveTemplate(store.db, "web").buildId;
    expect(meaning()).toBe(second.buildId);
    assignTags(store.db, "web:v1", ["other"]);
    expect(meaning()).toBe(second.buildId);
    assignTags(store.db, "web:v1", ["latest"]);
    expect(meaning()).toBe(first.buildId);
    assignTags(store.db, "web:v2", ["default"]);
    expect(meaning()).toBe(second.buildId);
    expect(describeRef(store.db, "web")).toMatchObject({ default_tag: "default", tags: ["default", "v2"] });
  });

  it("never answers the values of variables", async () => {
    await store.ready({ name: "web", runtime_config: { default_envs: { B: "secret", A: "value" } } });
    const info = describeRef(store.db, "web");
    expect(info.runtime_defaults).toEqual({ default_env_keys: ["A", "B"] });
    expect(JSON.stringify(info)).not.toMatch(/secret|value/);
    expect(resolveTemplate(store.db, "web").env).toEqual({ B: "secret", A: "value" });
  });
});

describe("tags", () => {
  it("go to the build that finishes last, and never to one that fails or is cancelled", async () => {
    const early = await store.accept({ name: "web" });
    const late = await store.accept({ name: "web" });
    const cancelled = await store.accept({ name: "web" });
    for (const buildId of [early, late, cancelled]) markBuilding(store, buildId);
    store.finish(late);
    store.finish(early);
    markCancelled(store, cancelled, undefined);
    expect(resolveTemplate(store.db, "web:default").buildId).toBe(early);
    // The image came all the same: the first final state has won.
    store.finish(cancelled);
    expect(getBuild(store.db, cancelled).status).toBe("cancelled");
    expect(resolveTemplate(store.db, "web:default").buildId).toBe(early);
  });

  it("keep the time of their making when they move", async () => {
    const { buildId } = await store.ready({ name: "web", tags: ["a"] });
    const [before] = listTags(store.db, "web");
    const next = await store.ready({ name: "web", tags: ["a"] });
    expect(before?.build_id).toBe(buildId);
    expect(listTags(store.db, "web")).toEqual([{ ...before, build_id: next.buildId }]);
  });

  it("are removed one by one, and the build stays", async () => {
    const { templateId } = await store.ready({ name: "web", tags: ["a", "b"] });
    removeTag(store.db, () => [], "web", "a");
    removeTag(store.db, () => [], "web:b", "b");
    expect(listTags(store.db, "web")).toEqual([]);
    expect(resolveTemplate(store.db, "web").templateId).toBe(templateId);
    expect(failure(() => removeTag(store.db, () => [], "web", "a"))).toMatchObject({
      code: "template_tag_not_found",
      status: 404,
    });
    expect(failure(() => removeTag(store.db, () => [], "web:x", "a"))).toMatchObject({
      code: "invalid_request",
      status: 400,
    });
  });

  it("end where a model of moves and removals says, whatever their order", async () => {
    const builds: string[] = [];
    for (let i = 0; i < 3; i++) builds.push((await store.ready({ name: "web", tags: [`own${i}`] })).buildId);
    const move = fc.record({ tag: fc.constantFrom("a", "b", "c"), build: fc.nat(2), remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 12 }), (moves) => {
        const model = new Map<string, string>();
        for (const tag of ["a", "b", "c"])
          if (listTags(store.db, "web").some((one) => one.tag === tag)) removeTag(store.db, () => [], "web", tag);
        for (const { tag, build, remove } of moves) {
          if (!remove) {
            assignTags(store.db, `web:${builds[build]}`, [tag]);
            model.set(tag, builds[build] as string);
          } else if (model.delete(tag)) removeTag(store.db, () => [], "web", tag);
        }
        const found = listTags(store.db, "web").filter(({ tag }) => tag.length === 1);
        expect(Object.fromEntries(found.map(({ tag, build_id }) => [tag, build_id]))).toEqual(
          Object.fromEntries(model),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe("a rename", () => {
  it("leaves the old name as an alias, and every ref goes on resolving", async () => {
    const { templateId } = await store.ready({ name: "old", tags: ["v1"] });
    renameTemplate(store.db, "local/old", "new");
    for (const ref of ["old", "local/old:v1", "new", "local/new:v1"]) {
      expect(resolveTemplate(store.db, ref)).toMatchObject({ templateId, canonicalRef: "local/new" });
    }
    expect(listAliases(store.db, "old").map(({ alias_ref }) => alias_ref)).toEqual(["local/old"]);
  });

  it("back and forth ends with the other name as the alias", async () => {
    await store.ready({ name: "web" });
    renameTemplate(store.db, "web", "front");
    renameTemplate(store.db, "web", "web");
    expect(describeRef(store.db, "front").canonical_ref).toBe("local/web");
    expect(listAliases(store.db, "web").map(({ alias_ref }) => alias_ref)).toEqual(["local/front"]);
    renameTemplate(store.db, "front", "web");
    expect(describeRef(store.db, "front").canonical_ref).toBe("local/web");
  });

  it("to a name that another template has, or had, is a conflict that names it", async () => {
    await store.ready({ name: "one" });
    await store.ready({ name: "two" });
    renameTemplate(store.db, "two", "second");
    for (const [name, holder] of [
      ["one", "a template"],
      ["two", "an alias of local/second"],
    ] as const) {
      const conflict = failure(() => renameTemplate(store.db, name === "one" ? "second" : "one", name));
      expect(conflict).toMatchObject({ code: "conflict", status: 409 });
      expect(conflict.message).toContain(holder);
    }
  });

  it("uses up a claim on the new name", async () => {
    await store.ready({ name: "web" });
    const { claim_token } = reserveName(store.db, "front");
    renameTemplate(store.db, "web", "front");
    expect(failure(() => releaseName(store.db, claim_token)).code).toBe("template_name_claim_not_found");
  });
});

describe("an alias", () => {
  it("is removed from its own template only, and its name is free then", async () => {
    await store.ready({ name: "old" });
    await store.ready({ name: "other" });
    renameTemplate(store.db, "old", "new");
    expect(failure(() => removeAlias(store.db, () => [], "other", "local/old"))).toMatchObject({
      code: "template_alias_not_found",
      status: 404,
    });
    removeAlias(store.db, () => [], "new", "old");
    expect(failure(() => resolveTemplate(store.db, "old")).code).toBe("template_not_found");
    await store.ready({ name: "old" });
    expect(describeRef(store.db, "old").canonical_ref).toBe("local/old");
  });
});

describe("a claim", () => {
  it("holds a free name, is prolonged by asking again, and is used up by a build of that name", async () => {
    const first = reserveName(store.db, "local/web");
    expect(reserveName(store.db, "web").claim_token).toBe(first.claim_token);
    expect(first.canonical_ref).toBe("local/web");
    await store.accept({ name: "web" });
    expect(failure(() => releaseName(store.db, first.claim_token))).toMatchObject({
      code: "template_name_claim_not_found",
      status: 404,
    });
    expect(failure(() => reserveName(store.db, "web"))).toMatchObject({ code: "conflict", status: 409 });
  });

  it("is refused when it is presented for another name, and nothing is made then", async () => {
    const { claim_token } = reserveName(store.db, "web");
    await expect(store.accept({ name: "other", claim_token })).rejects.toMatchObject({ code: "invalid_request" });
    expect(failure(() => resolveTemplate(store.db, "other"))).toMatchObject({ reason: "unknown_name" });
    await store.accept({ name: "web", claim_token });
    await expect(store.accept({ name: "third", claim_token })).rejects.toThrow(/expired or was used/);
  });

  it("lapses", () => {
    const { claim_token } = reserveName(store.db, "web");
    store.db.run("UPDATE claims SET expires_at = '2000-01-01T00:00:00.000Z'");
    expect(failure(() => releaseName(store.db, claim_token)).code).toBe("template_name_claim_not_found");
    store.db.transaction(() => consumeClaim(store.db, "local", "web", undefined));
  });

  it("is refused in a namespace of others", () => {
    expect(failure(() => reserveName(store.db, "nullspace/web"))).toMatchObject({
      code: "permission_denied",
      status: 403,
    });
    expect(failure(() => reserveName(store.db, "acme/web"))).toMatchObject({ code: "invalid_request", status: 400 });
  });
});

describe("deleting", () => {
  const deleter = () => ({ db: store.db, artifactUses: [], tagFollowers: () => [] });

  it("removes the tag that the ref names, the artifact that it names, or the whole template", async () => {
    const one = await store.ready({ name: "web", tags: ["a", "b"] });
    const two = await store.ready({ name: "web", tags: ["c"] });
    expect(deleteRef(deleter(), "web:a").kind).toBe("tag");
    expect(listTags(store.db, "web").map(({ tag }) => tag)).toEqual(["b", "c"]);
    expect(deleteRef(deleter(), one.templateId).kind).toBe("artifact");
    expect(listTags(store.db, "web").map(({ tag }) => tag)).toEqual(["c"]);
    expect(failure(() => resolveTemplate(store.db, one.templateId))).toMatchObject({ reason: "artifact_gone" });
    renameTemplate(store.db, "web", "site");
    expect(deleteRef(deleter(), "site").kind).toBe("template");
    for (const ref of ["web", "site", two.templateId]) {
      expect(failure(() => resolveTemplate(store.db, ref)).code).toBe("template_not_found");
    }
    expect(buildView(store.db, getBuild(store.db, two.buildId), 1000)).toMatchObject({
      status: "ready",
      promotability: { status: "purged", promotable: false },
      artifact_availability: { status: "unavailable" },
    });
    await store.ready({ name: "web" });
    expect(listTemplates(store.db).map(({ canonical_ref }) => canonical_ref)).toEqual(["local/web"]);
  });

  it("is refused while something follows a tag that would go, whichever way and under whichever name", async () => {
    const { buildId } = await store.ready({ name: "web", tags: ["live", "other"] });
    renameTemplate(store.db, "web", "site");
    const follower = { kind: "warm_pool" as const, id: "twp_1", label: 'warm pool "web" (twp_1)', tag: "live" };
    const ways = (followers: TagFollower[]) => {
      const tagFollowers = () => followers;
      const deps = { db: store.db, artifactUses: [], tagFollowers };
      return [
        () => removeTag(store.db, tagFollowers, "site", "live"),
        () => deleteRef(deps, "web:live"),
        () => deleteRef(deps, `site:${buildId}`),
        () => deleteRef(deps, "site"),
      ];
    };
    for (const namespace of ["local", undefined]) {
      for (const name of ["web", "site"]) {
        for (const way of ways([{ ...follower, namespace, name }])) {
          const conflict = failure(way);
          expect(conflict).toMatchObject({ code: "conflict", status: 409 });
          expect(conflict.message).toContain('The tag "live" of local/site is followed by warm pool "web" (twp_1)');
        }
      }
      const byAlias = () => [{ ...follower, namespace, name: "web" }];
      expect(failure(() => removeAlias(store.db, byAlias, "site", "web"))).toMatchObject({ status: 409 });
      expect(listAliases(store.db, "site")).toHaveLength(1);
    }
    removeTag(store.db, () => [{ ...follower, namespace: "local", name: "site" }], "site", "other");
    removeAlias(store.db, () => [{ ...follower, namespace: "local", name: "site" }], "site", "web");
    expect(listTags(store.db, "site").map(({ tag }) => tag)).toEqual(["live"]);
  });

  it("is refused while something uses what would go, and says what", async () => {
    const { templateId } = await store.ready({ name: "web" });
    const artifactUses = [
      () => [
        { kind: "warm_pool" as const, id: "twp_1", templateId, label: 'warm pool "web" (twp_1)', blocksDelete: true },
      ],
    ];
    for (const ref of ["web", templateId]) {
      const conflict = failure(() => deleteRef({ db: store.db, artifactUses, tagFollowers: () => [] }, ref));
      expect(conflict).toMatchObject({ code: "conflict", status: 409 });
      expect(conflict.message).toContain('warm pool "web" (twp_1)');
    }
    expect(resolveTemplate(store.db, "web:default").templateId).toBe(templateId);
  });

  it("is refused for what comes with the service, like every change of it", () => {
    store.db.run(
      "INSERT INTO templates (namespace, name, visibility, builtin, created_at, updated_at) VALUES ('nullspace', 'base', 'public', 1, '', '')",
    );
    for (const change of [
      () => deleteRef(deleter(), "base"),
      () => renameTemplate(store.db, "nullspace/base", "mine"),
      () => assignTags(store.db, "base", ["x"]),
      () => listTags(store.db, "base"),
      () => setVisibility(store.db, "base", "private"),
    ]) {
      expect(failure(change)).toMatchObject({ code: "invalid_request", status: 400 });
    }
  });
});
