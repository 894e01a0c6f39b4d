import { Template } from "../../../sdk/index.ts";
import { BASE_IMAGE } from "../../engine/service/running-service.ts";
import { refused, type Scenario } from "./scenario.ts";

/** Names: refs in every form, tags, aliases, claims, renames, visibility, namespaces, deletion. */
export const REF_SCENARIOS: readonly Scenario[] = [
  {
    name: "a template is found by every form of its ref, whole or by fields, and listed with the others",
    python: `
built = Template.build(Template.from_image(BASE), NAME + ":v1")
refs = [NAME + ":v1", "local/" + NAME + ":v1", built.id, NAME + ":" + built["build_id"]]
row = [row for row in Template.list() if row.canonical_ref == "local/" + NAME]
answer = {
    "ids": [Template.get(ref).id == built.id for ref in refs], "exists": [Template.exists(ref) for ref in refs],
    "missing": [Template.exists(ref) for ref in ["none-" + NAME, NAME + ":v2", "tmpl_none", NAME + ":tb_none"]],
    "get": refused(lambda: Template.get("none-" + NAME)),
    "fields": [Template.get(NAME + ":v1", fields=["name", "canonical_ref"]),
               [row for row in Template.list(fields=["canonical_ref"]) if row["canonical_ref"] == "local/" + NAME]],
    "row": [[one.name, one.tags, one.builtin, one.visibility.value, one.namespace_slug, one.default_tag] for one in row],
    "builtin": Template.get("base").builtin, "wrong": refused(lambda: Template.get("a/b/c")),
    "default_tag": Template.build(Template.from_image(BASE), NAME + "-plain").tags,
}`,
    ours: async ({ name, connection }) => {
      const built = await Template.build(Template.fromImage(BASE_IMAGE), `${name}:v1`, connection);
      const refs = [`${name}:v1`, `local/${name}:v1`, built.templateId, `${name}:${built.buildId}`];
      const exists = (all: string[]) => Promise.all(all.map((ref) => Template.exists(ref, connection)));
      const found = await Promise.all(refs.map((ref) => Template.get(ref, connection)));
      const row = (await Template.list(connection)).filter((one) => one.canonical_ref === `local/${name}`);
      return {
        ids: found.map(({ id }) => id === built.templateId),
        exists: await exists(refs),
        missing: await exists([`none-${name}`, `${name}:v2`, "tmpl_none", `${name}:tb_none`]),
        get: await refused(() => Template.get(`none-${name}`, connection)),
        fields: [
          await Template.get(`${name}:v1`, { ...connection, fields: ["name", "canonical_ref"] }),
          (await Template.list({ ...connection, fields: ["canonical_ref"] })).filter(
            (one) => one.canonical_ref === `local/${name}`,
          ),
        ],
        row: row.map((one) => [
          one.name,
          one.tags,
          one.builtin,
          one.visibility,
          one.namespace_slug,
          one.default_tag ?? null,
        ]),
        builtin: (await Template.get("base", connection)).builtin,
        wrong: await refused(() => Template.get("a/b/c", connection)),
        default_tag: (await Template.build(Template.fromImage(BASE_IMAGE), `${name}-plain`, connection)).info.tags,
      };
    },
    outcome: {
      ids: [true, true, true, true],
      exists: [true, true, true, true],
      missing: [false, false, false, false],
      get: "NotFoundError template_not_found",
      fields: [{ name: "NAME", canonical_ref: "local/NAME" }, [{ canonical_ref: "local/NAME" }]],
      row: [["NAME", ["v1"], false, "private", "local", null]],
      builtin: true,
      wrong: "MachineError invalid_request",
      default_tag: ["default"],
    },
  },
  {
    name: "tags are assigned, moved by builds and promotions, listed and removed",
    python: `
first = Template.build(Template.from_image(BASE), NAME + ":v1")
second = Template.build(Template.from_image(BASE).run_cmd("true"), NAME, tags=["v1", "v2"])
def tags():
    return sorted([tag.tag, tag.build_id == first["build_id"], tag.build_id == second["build_id"]] for tag in Template.get_tags(NAME))
moved = tags()
assigned = Template.assign_tags(NAME + ":" + first["build_id"], ["v2", "Old_1.0-x"]).tags
after = tags()
Template.remove_tag(NAME, "v1")
answer = {
    "moved": moved, "assigned": assigned, "after": after, "left": tags(),
    "gone": refused(lambda: Template.remove_tag(NAME, "v1")), "gone_too": refused(lambda: Template.get(NAME + ":v1")),
    "bad": refused(lambda: Template.assign_tags(NAME + ":v2", ["tb_x"])), "spaced": refused(lambda: Template.assign_tags(NAME + ":v2", ["a b"])),
    "builtin": refused(lambda: Template.get_tags("base")),
}`,
    ours: async ({ name, connection }) => {
      const first = await Template.build(Template.fromImage(BASE_IMAGE), `${name}:v1`, connection);
      const second = await Template.build(Template.fromImage(BASE_IMAGE).runCmd("true"), name, {
        ...connection,
        tags: ["v1", "v2"],
      });
      const tags = async () =>
        (await Template.listTags(name, connection))
          .map(({ tag, build_id }) => [tag, build_id === first.buildId, build_id === second.buildId])
          .sort();
      const moved = await tags();
      const assigned = await Template.assignTags(`${name}:${first.buildId}`, ["v2", "Old_1.0-x"], connection);
      const after = await tags();
      await Template.removeTag(name, "v1", connection);
      return {
        moved,
        assigned: assigned.tags,
        after,
        left: await tags(),
        gone: await refused(() => Template.removeTag(name, "v1", connection)),
        gone_too: await refused(() => Template.get(`${name}:v1`, connection)),
        bad: await refused(() => Template.assignTags(`${name}:v2`, ["tb_x"], connection)),
        spaced: await refused(() => Template.assignTags(`${name}:v2`, ["a b"], connection)),
        builtin: await refused(() => Template.listTags("base", connection)),
      };
    },
    outcome: {
      moved: [
        ["v1", false, true],
        ["v2", false, true],
      ],
      assigned: ["Old_1.0-x", "v2"],
      after: [
        ["Old_1.0-x", true, false],
        ["v1", false, true],
        ["v2", true, false],
      ],
      left: [
        ["Old_1.0-x", true, false],
        ["v2", true, false],
      ],
      gone: "NotFoundError template_tag_not_found",
      gone_too: "NotFoundError template_not_found",
      bad: "MachineError invalid_request",
      spaced: "MachineError invalid_request",
      builtin: "MachineError invalid_request",
    },
  },
  {
    name: "a renamed template keeps its old name as an alias, until that is removed",
    python: `
Template.build(Template.from_image(BASE), NAME + ":v1")
Template.build(Template.from_image(BASE), NAME + "-other")
renamed = Template.rename(NAME, NAME + "-new")
aliases = [alias.alias_ref for alias in Template.list_aliases(NAME + "-new")]
through = Template.get("local/" + NAME + ":v1").canonical_ref
taken = refused(lambda: Template.rename(NAME + "-new", NAME + "-other"))
Template.remove_alias(NAME + "-new", "local/" + NAME)
answer = {
    "renamed": renamed.canonical_ref, "aliases": aliases, "through": through, "taken": taken,
    "gone": Template.exists(NAME), "left": Template.list_aliases(NAME + "-new"),
    "none": refused(lambda: Template.remove_alias(NAME + "-new", "local/" + NAME)),
    "reserved": refused(lambda: Template.rename(NAME + "-new", "tmpl_x")), "upper": refused(lambda: Template.rename(NAME + "-new", "A b")),
}`,
    ours: async ({ name, connection }) => {
      await Template.build(Template.fromImage(BASE_IMAGE), `${name}:v1`, connection);
      await Template.build(Template.fromImage(BASE_IMAGE), `${name}-other`, connection);
      const renamed = await Template.rename(name, `${name}-new`, connection);
      const aliases = (await Template.listAliases(`${name}-new`, connection)).map(({ alias_ref }) => alias_ref);
      const through = (await Template.get(`local/${name}:v1`, connection)).canonical_ref;
      const taken = await refused(() => Template.rename(`${name}-new`, `${name}-other`, connection));
      await Template.removeAlias(`${name}-new`, `local/${name}`, connection);
      return {
        renamed: renamed.canonical_ref,
        aliases,
        through,
        taken,
        gone: await Template.exists(name, connection),
        left: await Template.listAliases(`${name}-new`, connection),
        none: await refused(() => Template.removeAlias(`${name}-new`, `local/${name}`, connection)),
        reserved: await refused(() => Template.rename(`${name}-new`, "tmpl_x", connection)),
        upper: await refused(() => Template.rename(`${name}-new`, "A b", connection)),
      };
    },
    outcome: {
      renamed: "local/NAME-new",
      aliases: ["local/NAME"],
      through: "local/NAME-new",
      taken: "ConflictError conflict",
      gone: false,
      left: [],
      none: "NotFoundError template_alias_not_found",
      reserved: "MachineError invalid_request",
      upper: "MachineError invalid_request",
    },
  },
  {
    name: "a name is claimed, kept for whoever claimed it, and given back",
    python: `
claim = Template.reserve_name(NAME)
namespace = Template.get_namespace("local")
answer = {
    "ref": claim.canonical_ref, "twice": refused(lambda: Template.reserve_name("local/" + NAME)),
    "token": claim.claim_token != "", "lasts": claim.expires_at > claim.expires_at.now(claim.expires_at.tzinfo),
    "released": Template.release_name_claim(claim.claim_token), "again": refused(lambda: Template.release_name_claim(claim.claim_token)),
    "foreign": refused(lambda: Template.reserve_name("nullspace/" + NAME)), "bad": refused(lambda: Template.reserve_name("Über")),
    "namespace": [namespace.slug, namespace.kind.value, namespace.is_default],
    "system": Template.get_namespace("nullspace").kind.value, "none": refused(lambda: Template.get_namespace("none")),
}
Template.build(Template.from_image(BASE), NAME)
answer["built"] = refused(lambda: Template.reserve_name(NAME))`,
    ours: async ({ name, connection }) => {
      const claim = await Template.reserveName(name, connection);
      const namespace = await Template.getNamespace("local", connection);
      const twice = await refused(() => Template.reserveName(`local/${name}`, connection));
      await Template.releaseName(claim.claim_token, connection);
      const seen = {
        ref: claim.canonical_ref,
        twice,
        token: claim.claim_token !== "",
        lasts: Date.parse(claim.expires_at) > Date.now(),
        released: null,
        again: await refused(() => Template.releaseName(claim.claim_token, connection)),
        foreign: await refused(() => Template.reserveName(`nullspace/${name}`, connection)),
        bad: await refused(() => Template.reserveName("Über", connection)),
        namespace: [namespace.slug, namespace.kind, namespace.is_default],
        system: (await Template.getNamespace("nullspace", connection)).kind,
        none: await refused(() => Template.getNamespace("none", connection)),
      };
      await Template.build(Template.fromImage(BASE_IMAGE), name, connection);
      return { ...seen, built: await refused(() => Template.reserveName(name, connection)) };
    },
    outcome: {
      ref: "local/NAME",
      // The claim is the caller's own: asking again is no conflict.
      twice: null,
      token: true,
      lasts: true,
      released: null,
      again: "NotFoundError template_name_claim_not_found",
      foreign: "PermissionError permission_denied",
      bad: "MachineError invalid_request",
      namespace: ["local", "user", true],
      system: "system",
      none: "NotFoundError namespace_not_found",
      built: "ConflictError conflict",
    },
  },
  {
    name: "a template is shown, hidden, and deleted: a tag, an artifact, or all of it, the records of builds excepted",
    python: `
first = Template.build(Template.from_image(BASE), NAME + ":v1")
second = Template.build(Template.from_image(BASE).run_cmd("true"), NAME + ":v2")
shown = [Template.set_visibility(NAME, "public").visibility.value, Template.get(first.id).visibility.value,
         Template.set_visibility(NAME, "private").visibility.value]
Template.assign_tags(NAME + ":v2", ["v3"])
Template.delete(NAME + ":v3")
tags = sorted(tag.tag for tag in Template.get_tags(NAME))
Template.delete(first.id)
left = sorted(tag.tag for tag in Template.get_tags(NAME))
Template.delete("local/" + NAME)
answer = {
    "shown": shown, "tags": tags, "left": left, "gone": [Template.exists(NAME), Template.exists(second.id)],
    "record": [second.get_status().build.promotability.status.value, second.get_status().build.artifact_availability.status.value],
    "promote": refused(lambda: second.promote(tag="x")), "again": refused(lambda: Template.delete(NAME)),
    "builtin": refused(lambda: Template.delete("base")), "show": refused(lambda: Template.set_visibility("base", "private")),
}`,
    ours: async ({ name, connection }) => {
      const first = await Template.build(Template.fromImage(BASE_IMAGE), `${name}:v1`, connection);
      const second = await Template.build(Template.fromImage(BASE_IMAGE).runCmd("true"), `${name}:v2`, connection);
      const shown = [
        (await Template.setVisibility(name, "public", connection)).visibility,
        (await Template.get(first.templateId, connection)).visibility,
        (await Template.setVisibility(name, "private", connection)).visibility,
      ];
      const tags = async () => (await Template.listTags(name, connection)).map(({ tag }) => tag).sort();
      await Template.assignTags(`${name}:v2`, "v3", connection);
      await Template.delete(`${name}:v3`, connection);
      const before = await tags();
      await Template.delete(first.templateId, connection);
      const left = await tags();
      await Template.delete(`local/${name}`, connection);
      const { build: record } = await second.status();
      return {
        shown,
        tags: before,
        left,
        gone: [await Template.exists(name, connection), await Template.exists(second.templateId, connection)],
        record: [record.promotability!.status, record.artifact_availability!.status],
        promote: await refused(() => second.promote("x")),
        again: await refused(() => Template.delete(name, connection)),
        builtin: await refused(() => Template.delete("base", connection)),
        show: await refused(() => Template.setVisibility("base", "private", connection)),
      };
    },
    outcome: {
      shown: ["public", "public", "private"],
      tags: ["v1", "v2"],
      left: ["v2"],
      gone: [false, false],
      record: ["purged", "unavailable"],
      promote: "ConflictError conflict",
      again: "NotFoundError template_not_found",
      builtin: "MachineError invalid_request",
      show: "MachineError invalid_request",
    },
  },
];
