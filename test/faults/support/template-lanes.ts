import type { Random } from "../../unit/context/support/random.ts";
import { segment, type Call } from "./calls.ts";
import { acknowledged, type Lane } from "./lane.ts";
import type { Tally } from "./tally.ts";

const TAGS = ["stable", "next", "canary"];

/** Moves, gives and takes tags of one template between its builds. */
export class TagLane implements Lane {
  readonly #template: string;
  readonly #builds: readonly string[];
  /** Where each tag points; `undefined`: it is not there. */
  readonly #known = new Map<string, string | undefined>(TAGS.map((tag) => [tag, undefined]));
  #open: { tag: string; to: string | undefined } | undefined;

  constructor(template: string, builds: readonly string[]) {
    this.#template = template;
    this.#builds = builds;
  }

  async step(call: Call, random: Random, tally: Tally): Promise<void> {
    const tag = random.pick(TAGS);
    const to = this.#known.get(tag) !== undefined && random.chance(0.2) ? undefined : random.pick(this.#builds);
    const path = `/v1/templates/refs/${segment(this.#template)}`;
    this.#open = { tag, to };
    if (to === undefined) acknowledged(await call("DELETE", `${path}/tags/${tag}`), tally);
    else if (random.chance(0.5)) acknowledged(await call("POST", `/v1/templates/builds/${to}/promote`, { tag }), tally);
    else {
      const exact = `/v1/templates/refs/${segment(`${this.#template}:${to}`)}`;
      acknowledged(await call("POST", `${exact}/tags`, { tags: [tag] }), tally);
    }
    this.#known.set(tag, to);
    this.#open = undefined;
  }

  async look(call: Call, tally: Tally): Promise<void> {
    const { body } = await call("GET", `/v1/templates/refs/${segment(this.#template)}/tags`);
    const found = new Map<string, string>(
      (body as { tag: string; build_id: string }[]).map(({ tag, build_id }) => [tag, build_id]),
    );
    for (const [tag, expected] of this.#known) {
      const now = found.get(tag);
      const mayBe = now === expected || (this.#open?.tag === tag && now === this.#open.to);
      if (!mayBe) tally.lost.push(`tag ${tag}: ${now} instead of ${expected}`);
      this.#known.set(tag, now);
    }
    this.#open = undefined;
  }
}

/** Renames one template again and again, and takes former names away. */
export class RenameLane implements Lane {
  #name: string;
  readonly #aliases = new Set<string>();
  #count = 0;
  #open: { rename: string } | { remove: string } | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async step(call: Call, random: Random, tally: Tally): Promise<void> {
    const path = `/v1/templates/refs/${segment(this.#name)}`;
    const [oldest] = this.#aliases;
    if (oldest !== undefined && this.#aliases.size > 5 && random.chance(0.6)) {
      this.#open = { remove: oldest };
      acknowledged(await call("DELETE", `${path}/aliases/${segment(`local/${oldest}`)}`), tally);
      this.#aliases.delete(oldest);
    } else {
      const next = `renamed-${++this.#count}`;
      this.#open = { rename: next };
      acknowledged(await call("POST", `${path}/rename`, { new_name: next }), tally);
      this.#aliases.add(this.#name);
      this.#name = next;
    }
    this.#open = undefined;
  }

  async look(call: Call, tally: Tally): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    // Whether or not the last rename was done, the name before it leads to the template.
    const path = `/v1/templates/refs/${segment(this.#name)}`;
    const { status, body } = await call("GET", path);
    const name = status === 200 ? String(body.canonical_ref).replace("local/", "") : undefined;
    if (name !== undefined && name !== this.#name && open !== undefined && "rename" in open && name === open.rename) {
      this.#aliases.add(this.#name);
      this.#name = name;
    } else if (name !== this.#name) tally.lost.push(`name ${this.#name}: it leads to ${name}`);
    const listed = (await call("GET", `/v1/templates/refs/${segment(this.#name)}/aliases`)).body;
    const aliases = new Set((listed as { alias_ref: string }[]).map((one) => one.alias_ref.replace("local/", "")));
    for (const alias of this.#aliases) {
      if (aliases.has(alias)) continue;
      if (!(open !== undefined && "remove" in open && open.remove === alias)) tally.lost.push(`alias ${alias}`);
      this.#aliases.delete(alias);
    }
    for (const alias of aliases) if (!this.#aliases.has(alias)) tally.doubled.push(`alias ${alias} is back`);
  }
}

/** Claims names and gives them back. */
export class ClaimLane implements Lane {
  readonly #prefix: string;
  readonly #tokens = new Map<string, string>();
  #count = 0;
  #open: string | undefined;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  async step(call: Call, random: Random, tally: Tally): Promise<void> {
    const [first] = this.#tokens;
    if (first !== undefined && this.#tokens.size > 20 && random.chance(0.7)) {
      this.#open = first[0];
      acknowledged(await call("DELETE", `/v1/templates/claims/${first[1]}`), tally);
      this.#tokens.delete(first[0]);
    } else {
      const name = `${this.#prefix}-${++this.#count}`;
      this.#open = name;
      const { claim_token } = acknowledged(await call("POST", "/v1/templates/claims", { template_ref: name }), tally);
      this.#tokens.set(name, claim_token as string);
    }
    this.#open = undefined;
  }

  async look(call: Call, tally: Tally): Promise<void> {
    for (const [name, token] of this.#tokens) {
      if (name === this.#open) continue;
      // A name that is claimed already gives the same token again.
      const { body } = await call("POST", "/v1/templates/claims", { template_ref: name });
      if (body.claim_token !== token) tally.lost.push(`claim of ${name}`);
      this.#tokens.set(name, body.claim_token as string);
    }
    if (this.#open !== undefined) this.#tokens.delete(this.#open);
    this.#open = undefined;
  }
}
