import { setTimeout as pause } from "node:timers/promises";
import { DockerEngine } from "../../../../sdk/docker/index.ts";
import type { NullspaceClient } from "../../../../sdk/client/index.ts";

/** Tags of the provider's own book-keeping: who owns what. */
const MARK = /^pulumi-/;
const POOL_LABEL = "dev.nullspace.local.pool";

/** A template as anybody sees it: marks of the provider are left out. */
export interface TemplateView {
  /** Builds that the service knows, whatever became of them; newest first. */
  builds: string[];
  tags: Record<string, string>;
  /** Names that resolve to it beside its own. */
  aliases: string[];
  /** Tags of the provider's book-keeping. */
  marks: string[];
}

/** What there is at the service under a row's prefix, by name without the prefix: looked at with a client of its own. */
export class World {
  readonly client: NullspaceClient;
  readonly #prefix: string;

  constructor(client: NullspaceClient, prefix: string) {
    this.client = client;
    this.#prefix = `${prefix}-`;
  }

  /** A name at the service. */
  own(name: string): string {
    return this.#prefix + name;
  }

  ref(name: string): string {
    return `local/${this.own(name)}`;
  }

  /** All templates of the row. */
  async templates(): Promise<Record<string, TemplateView>> {
    const refs = new Set((await this.client.templates.list()).map(({ canonical_ref }) => canonical_ref));
    const own = [...refs].filter((ref) => ref.startsWith(`local/${this.#prefix}`));
    return Object.fromEntries(
      await Promise.all(own.map(async (ref) => [this.#short(ref), await this.#view(ref)] as const)),
    );
  }

  /** One template; fails where there is none. */
  async template(name: string): Promise<TemplateView> {
    const found = (await this.templates())[name];
    if (found === undefined) throw new Error(`there is no template ${this.ref(name)}`);
    return found;
  }

  /** Live pools of the row, by name: the build that they are of, and how many machines are ready. */
  async pools(): Promise<Record<string, { id: string; build: string | undefined; ready: number }>> {
    const live = (await this.client.warmPools.list()).filter(
      ({ name, state }) => name.startsWith(this.#prefix) && state !== "deleted",
    );
    return Object.fromEntries(
      live.map((pool) => [
        pool.name.slice(this.#prefix.length),
        {
          id: pool.id,
          build: pool.resolved_template_build_id ?? undefined,
          ready: pool.status?.ready ?? 0,
        },
      ]),
    );
  }

  /** The canonical name, without the prefix, of what a name stands for; undefined when it stands for nothing. */
  async resolve(name: string): Promise<string | undefined> {
    const ref = this.ref(name);
    if (!(await this.client.templates.exists(ref))) return undefined;
    return this.#short((await this.client.templates.get(ref)).canonical_ref);
  }

  /** Builds a template by hand, as somebody without Pulumi does, and returns the build's id. */
  async build(name: string, content: string, tags: string[] = ["default"]): Promise<string> {
    const { build_id } = await this.client.builds.start({
      name: this.own(name),
      dockerfile: `FROM ${process.env.NULLSPACE_BASE_IMAGE}\nENV CONTENT="${content}"\n`,
      tags,
      build_config: { vcpus: 1, memory_mib: 64 },
    });
    const { build } = await this.client.builds.waitUntilTerminal(build_id);
    if (build.status !== "ready") throw new Error(`build ${build_id} of ${name} is ${build.status}`);
    return build_id;
  }

  /** Waits until so many builds of a template are known to the service. */
  async untilBuilding(name: string, count: number): Promise<void> {
    for (;;) {
      const { builds } = await this.client.builds.list(this.ref(name)).catch(() => ({ builds: [] }));
      if (builds.length >= count) return;
      await pause(100);
    }
  }

  /** Content of a file in a machine of a template: what was really built. */
  fileIn(ref: string, path: string): Promise<string> {
    return this.outputIn(ref, `cat ${path}`);
  }

  /** What a shell command prints in a machine of a template. */
  async outputIn(ref: string, command: string): Promise<string> {
    const machine = await this.client.machines.create({ template: ref, vcpus: 1, memory_mb: 64 });
    try {
      const { stdout } = await this.client.machines.exec(machine.id, {
        command,
        shell: true,
        background: false,
      });
      return stdout;
    } finally {
      await this.client.machines.delete(machine.id);
    }
  }

  /** Containers that were made for a pool and are still there. */
  async containersOfPool(poolId: string): Promise<string[]> {
    const engine = new DockerEngine();
    try {
      const all = await engine.containers.list({ all: true, filters: { label: [`${POOL_LABEL}=${poolId}`] } });
      return all.map(({ Id }) => Id);
    } finally {
      await engine.close();
    }
  }

  /** Everything of the row that is still there, in words; empty when it has left nothing, a claim of a name included. */
  async leftovers(names: readonly string[] = []): Promise<string[]> {
    const templates = Object.keys(await this.templates()).map((name) => `template ${name}`);
    const pools = Object.keys(await this.pools()).map((name) => `pool ${name}`);
    const resolving: string[] = [];
    for (const name of names) {
      if ((await this.resolve(name)) !== undefined) resolving.push(`the name ${name} resolves`);
    }
    return [...templates, ...pools, ...resolving];
  }

  /** Takes away what a row has left, so that it costs the next ones nothing. */
  async clear(): Promise<void> {
    for (const { id } of Object.values(await this.pools())) await this.client.warmPools.delete(id);
    for (const name of Object.keys(await this.templates())) await this.client.templates.delete(this.ref(name));
  }

  async #view(ref: string): Promise<TemplateView> {
    const { templates, builds } = this.client;
    const [tags, aliases, history] = await Promise.all([
      templates.listTags(ref),
      templates.listAliases(ref),
      builds.list(ref),
    ]);
    return {
      builds: history.builds.map(({ build_id }) => build_id),
      tags: Object.fromEntries(
        tags.filter(({ tag }) => !MARK.test(tag)).map(({ tag, build_id }) => [tag, build_id] as const),
      ),
      aliases: aliases.map(({ alias_ref }) => this.#short(alias_ref)).toSorted(),
      marks: tags.map(({ tag }) => tag).filter((tag) => MARK.test(tag)),
    };
  }

  #short(ref: string): string {
    return ref.replace(/^[^/]*\//, "").slice(this.#prefix.length);
  }
}
