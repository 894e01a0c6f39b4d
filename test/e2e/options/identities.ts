import { expect } from "vitest";
import type { Look, OptionRow } from "./option-rows.ts";

const PARTS = ["", "-tag", "-alias", "-pool"];

/** Four resources that the program calls `<name>`, `<name>-tag`, …, and the service always by the key's names. */
function family(
  key: string,
  name: string,
  {
    suffix = "",
    options = () => "{}",
    inputs = "",
  }: { suffix?: string; options?: (old: string) => string; inputs?: string } = {},
): string {
  const [web, tag, alias, pool] = PARTS.map((part) => ({
    resource: `"${name}${part}${suffix}"`,
    service: `own("${key}${part}")`,
    options: options(`${key}${part}`),
  }));
  return `{ const it = template(${web!.resource}, { context: here, name: ${web!.service}, ${inputs} }, ${web!.options});
    const first = tag(${tag!.resource}, it, {}, ${tag!.options});
    alias(${alias!.resource}, it, { alias: ${alias!.service} }, ${alias!.options});
    pool(${pool!.resource}, first, { name: ${pool!.service} }, ${pool!.options}); }`;
}

/** Nothing has happened at the service to what is called otherwise in the program by now. */
function expectUntouched(key: string, { templates, pools }: Look, before: Look): void {
  expect(templates[key]).toEqual(before.templates[key]);
  expect(pools[`${key}-pool`]).toEqual(before.pools[`${key}-pool`]);
}

/** By what the engine knows a resource: its name, its parent, its provider. */
export const IDENTITIES: OptionRow[] = [
  {
    key: "renamed",
    title: "aliases by name: renamed resources are the old ones, and nothing is touched at the service",
    before: family("renamed", "renamed"),
    after: family("renamed", "renamed", {
      suffix: "-again",
      options: (old) => `{ aliases: [{ name: "${old}" }] }`,
    }),
    steps: {},
    updated: (look, created) => expectUntouched("renamed", look, created),
  },
  {
    key: "altered",
    title:
      "aliases by name in an update that builds: the renamed resources still own what they made under the old name",
    before: family("altered", "altered"),
    after: family("altered", "altered", {
      suffix: "-again",
      inputs: `env: { A: "1" }`,
      options: (old) => `{ aliases: [{ name: "${old}" }] }`,
    }),
    steps: { "altered-again": "update", "altered-tag-again": "update", "altered-pool-again": "update" },
    updated({ templates, pools }, created) {
      const [second] = templates.altered?.builds ?? [];
      expect(templates.altered).toMatchObject({
        tags: { default: second, stable: second },
        aliases: ["altered-alias"],
      });
      expect(pools["altered-pool"]).toMatchObject({ id: created.pools["altered-pool"]?.id, build: second, ready: 1 });
    },
  },
  {
    key: "moved",
    title: "aliases by parent: resources that a component takes in are the old ones",
    before: family("moved", "moved"),
    after: `const parent = new pulumi.ComponentResource("options:index:Home", "moved-home");
      ${family("moved", "moved", { options: () => `{ parent, aliases: [{ parent: pulumi.rootStackResource }] }` })}`,
    steps: { "moved-home": "create" },
    updated: (look, created) => expectUntouched("moved", look, created),
  },
  {
    key: "housed",
    title: "parent: children of a component, in a component, are updated, and take its options",
    before: `const outer = new pulumi.ComponentResource("options:index:House", "housed-outer", {}, { retainOnDelete: false });
      const parent = new pulumi.ComponentResource("options:index:Flat", "housed-inner", {}, { parent: outer });
      ${family("housed", "housed", { options: () => "{ parent }" })}`,
    after: `const outer = new pulumi.ComponentResource("options:index:House", "housed-outer", {}, { retainOnDelete: false });
      const parent = new pulumi.ComponentResource("options:index:Flat", "housed-inner", {}, { parent: outer });
      ${family("housed", "housed", { options: () => "{ parent }" })}`,
    edit: true,
    steps: { housed: "update", "housed-tag": "update", "housed-pool": "update" },
    updated({ templates, pools, state }) {
      const [second] = templates.housed?.builds ?? [];
      expect(state("housed").urn).toMatch(/::options:index:House\$options:index:Flat\$.*Template::housed$/);
      expect(templates.housed?.tags).toEqual({ default: second, stable: second });
      expect(pools["housed-pool"]).toMatchObject({ build: second, ready: 1 });
    },
  },
  {
    key: "ordered",
    title: "dependsOn: the second template waits for the first one's build",
    before: `template("ordered-second", { context: here }, { dependsOn: template("ordered-first", { context: here }) });`,
    after: `template("ordered-second", { context: here }, { dependsOn: template("ordered-first", { context: here }) });`,
    edit: true,
    steps: { "ordered-first": "update", "ordered-second": "update" },
    created: ({ run }) => expectInTurn(run.course),
    updated: ({ run }) => expectInTurn(run.course),
  },
  {
    key: "explicit",
    title: "provider: resources that change from the default provider to one of the program's stay what they are",
    shells: ["plugin"],
    before: family("explicit", "explicit"),
    after: `const provider = new nullspace.Provider("explicit-provider", { apiUrl: process.env.NULLSPACE_API_URL });
      const parent = new pulumi.ComponentResource("options:index:Home", "explicit-home", {}, { providers: [provider] });
      ${family("explicit", "explicit", { options: () => `{ parent, aliases: [{ parent: pulumi.rootStackResource }] }` })}`,
    steps: { "explicit-provider": "create", "explicit-home": "create" },
    updated(look, created) {
      expectUntouched("explicit", look, created);
      expect(look.state("explicit")).toMatchObject({ provider: expect.stringContaining("::explicit-provider::") });
    },
  },
  {
    key: "versioned",
    title: "version and pluginDownloadURL: another one is another provider of the same package, and changes nothing",
    shells: ["plugin"],
    before: family("versioned", "versioned"),
    after: family("versioned", "versioned", {
      options: () => `{ version: "0.0.9", pluginDownloadURL: "https://plugins.example" }`,
    }),
    steps: {},
    updated(look, created) {
      expectUntouched("versioned", look, created);
      expect(look.state("versioned")).toMatchObject({ provider: expect.stringMatching(/::default_0_0_9/) });
    },
  },
  {
    key: "brought",
    title: "import: what was made elsewhere is taken over as it is, and from then on it is the program's",
    shells: ["plugin"],
    prepare: async (world) => world.client.builds.promote(await world.build("brought", "by hand"), { tag: "stable" }),
    before: `const it = template("brought", { context: here }, { import: "local/" + own("brought") });
      tag("brought-tag", it, {}, { import: "local/" + own("brought") + ":stable" });`,
    after: `const it = template("brought", { context: here }); tag("brought-tag", it);`,
    edit: true,
    steps: { brought: "update", "brought-tag": "update" },
    created({ run, templates }) {
      expect(run.steps).toMatchObject({ brought: "import", "brought-tag": "import" });
      expect(templates.brought?.builds).toHaveLength(1);
    },
    updated({ templates }) {
      const [second, first] = templates.brought?.builds ?? [];
      expect(first).toBeDefined();
      expect(templates.brought?.tags).toEqual({ default: second, stable: second });
    },
  },
];

function expectInTurn(course: readonly string[]): void {
  expect(course).toContain("end ordered-first");
  expect(course.lastIndexOf("begin ordered-second")).toBeGreaterThan(course.indexOf("end ordered-first"));
}
