import { buildOfArtifact, findBuild } from "../../store/builds.ts";
import type { Database } from "../../store/database.ts";
import { MachineStore } from "../../store/machines.ts";
import { PoolStore } from "../../store/warm-pools.ts";
import { findByName, getByKey } from "../../templates/logical-template.ts";
import type { TemplateName } from "./overview.ts";

/** A thing that has a page now. */
export type KnownThing =
  | { kind: "build"; buildId: string }
  | { kind: "pool"; poolId: string; name: string }
  | { kind: "machine"; machineId: string }
  | { kind: "keys" }
  | { kind: "template"; template: TemplateName };

/** Finds out what ids and names mean, so that links lead only to what is still there. Each is looked up once. */
export class KnownThings {
  readonly #db: Database;
  readonly #found = new Map<string, KnownThing | undefined>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** What an id, or a template's `namespace/name`, means; `undefined`: nothing that has a page. */
  find(text: string): KnownThing | undefined {
    if (!this.#found.has(text)) this.#found.set(text, this.#look(text));
    return this.#found.get(text);
  }

  #look(text: string): KnownThing | undefined {
    const db = this.#db;
    if (text.startsWith("tb_")) {
      return findBuild(db, text) === undefined ? undefined : { kind: "build", buildId: text };
    }
    if (text.startsWith("tmpl_")) {
      const build = buildOfArtifact(db, text);
      return build && { kind: "build", buildId: build.buildId };
    }
    if (text.startsWith("twp_")) {
      const pool = new PoolStore(db).get(text);
      return pool && { kind: "pool", poolId: text, name: pool.name };
    }
    if (text.startsWith("mch_")) {
      return new MachineStore(db).get(text) === undefined ? undefined : { kind: "machine", machineId: text };
    }
    if (text.startsWith("key_")) return { kind: "keys" };
    const slash = text.indexOf("/");
    if (slash < 1) return undefined;
    const template = findByName(db, text.slice(0, slash), text.slice(slash + 1));
    return template && { kind: "template", template: { namespace: template.namespace, name: template.name } };
  }

  /** The live template whose build made an artifact. */
  templateOf(templateId: string): TemplateName | undefined {
    const build = buildOfArtifact(this.#db, templateId);
    if (build === undefined) return undefined;
    const { namespace, name } = getByKey(this.#db, build.templateKey);
    return this.find(`${namespace}/${name}`) === undefined ? undefined : { namespace, name };
  }
}
