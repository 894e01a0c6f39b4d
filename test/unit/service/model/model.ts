import type { CreateMachineRequest } from "../../../../sdk/wire/index.ts";

/** Names of templates: few, so that they meet. */
export const NAMES = ["a", "b", "c", "d", "e"];
export const TAGS = ["stable", "next"];

/** A template as the model knows it. */
export interface ModelTemplate {
  name: string;
  aliases: Set<string>;
  tags: Map<string, string>;
  /** Those whose artifacts are there, in the order in which they became ready. */
  builds: string[];
}

/** What the service should know: a few maps, no store, no time. */
export class Model {
  readonly templates: ModelTemplate[] = [];
  /** Token of each claimed name. */
  readonly claims = new Map<string, string>();
  readonly pools = new Map<string, { id: string; follows: string; tag: string; mostMembers: number }>();
  /** Id of the machine of each idempotency key, while it lives. */
  readonly machines = new Map<string, string>();
  /** Every machine that was asked for, with the key and the body of its request; also those that are over. */
  readonly requests: { key: string; body: CreateMachineRequest; machineId: string }[] = [];
  steps = 0;
  restarts = 0;

  /** The template that a name leads to: its own, or a former one. */
  find(name: string): ModelTemplate | undefined {
    return this.templates.find((template) => template.name === name || template.aliases.has(name));
  }

  /** The template of a name, which a build of it makes. */
  make(name: string): ModelTemplate {
    const known = this.find(name);
    if (known !== undefined) return known;
    const template: ModelTemplate = { name, aliases: new Set(), tags: new Map(), builds: [] };
    this.templates.push(template);
    this.claims.delete(name);
    return template;
  }

  /** Whether a pool follows a tag of this template, whatever name it follows it by. */
  isFollowed(template: ModelTemplate, tag?: string): boolean {
    return [...this.pools.values()].some(
      (pool) => this.find(pool.follows) === template && (tag === undefined || pool.tag === tag),
    );
  }

  /** Whether a pool follows a tag by exactly this name. */
  isFollowedBy(name: string): boolean {
    return [...this.pools.values()].some((pool) => pool.follows === name);
  }
}
