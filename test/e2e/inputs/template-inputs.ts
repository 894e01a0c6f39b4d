import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { OptionRow } from "../options/option-rows.ts";
import { PROGRAM_SECRET } from "../sequences/support/program.ts";
import type { Stack } from "../sequences/support/stack.ts";

const COPIES_ALL = JSON.stringify("ARG BASE_IMAGE\nFROM $BASE_IMAGE\nCOPY . /all/\n");
const SHOWS_SECRET = JSON.stringify(
  "ARG BASE_IMAGE\nFROM $BASE_IMAGE\nRUN --mount=type=secret,id=token cat /run/secrets/token > /seen\n",
);

/** Lays a symbolic link below the program's folder. */
export function link({ project }: Stack, path: string, target: string): void {
  symlinkSync(target, join(project.dir, "program", path));
}

/** Two templates that are built with a secret: one does not care what it is, the other is built again for another one. */
const rotated = (secret: string) => `
  const secrets = { context: here, dockerfileContent: ${SHOWS_SECRET}, buildSecrets: { token: ${JSON.stringify(secret)} } };
  template("rotated-kept", secrets); template("rotated-fresh", { ...secrets, rebuildOnSecretChange: true });`;

const pruned = `template("pruned", { context: here, keepBuilds: 1 });
  template("pruned-held", { context: here, keepBuilds: 1 }); template("pruned-two", { context: here, keepBuilds: 2 });`;

/** What the inputs of a Template do that builds or deletes. */
export const TEMPLATE_INPUTS: OptionRow[] = [
  {
    key: "pruned",
    title: "keepBuilds: older builds of the resource go; those that a tag points at, and those of others, stay",
    before: pruned,
    after: pruned,
    edit: true,
    steps: { pruned: "update", "pruned-held": "update", "pruned-two": "update" },
    async created({ world, templates }) {
      const byHand = await world.build("pruned", "by hand", ["by-hand"]);
      await world.client.templates.removeTag(world.ref("pruned"), "by-hand");
      expect((await world.template("pruned")).builds[0]).toBe(byHand);
      await world.client.builds.promote(templates["pruned-held"]!.builds[0]!, { tag: "hold" });
    },
    async updated({ world, templates }, created) {
      const usable = async (name: string) => {
        const { builds } = await world.client.builds.list(world.ref(name), { status: "ready" });
        return builds.filter(({ promotability }) => promotability?.promotable).map(({ build_id }) => build_id);
      };
      const [second, byHand, first] = templates.pruned!.builds;
      expect(templates.pruned!.tags).toEqual({ default: second });
      expect(await usable("pruned")).toEqual([second, byHand]);
      expect(await world.client.templates.exists(`${world.ref("pruned")}:${first}`)).toBe(false);
      for (const name of ["pruned-held", "pruned-two"]) {
        expect(await usable(name)).toEqual([expect.any(String), ...created.templates[name]!.builds]);
      }
      expect(templates["pruned-held"]!.tags.hold).toBe(templates["pruned-held"]!.builds[1]);
    },
  },
  {
    key: "policy",
    title: "deletionPolicy: what leaves the program is deleted or stays as it is; a change of it in place counts",
    before: `template("policy-kept", { context: here, deletionPolicy: "retain", tags: ["default", "v1"] });
      template("policy-gone", { context: here, deletionPolicy: "delete" });
      template("policy-late", { context: here }); template("policy-back", { context: here, deletionPolicy: "retain" });`,
    after: `template("policy-late", { context: here, deletionPolicy: "retain" }); template("policy-back", { context: here });`,
    steps: { "policy-kept": "delete", "policy-gone": "delete", "policy-late": "update", "policy-back": "update" },
    updated({ templates, run }, created) {
      expect(templates["policy-kept"]).toEqual(created.templates["policy-kept"]);
      expect(run.said).toMatch(/policy-kept is left in place: its deletionPolicy is retain/);
      expect(templates).not.toHaveProperty("policy-gone");
      expect(templates["policy-late"]).toEqual(created.templates["policy-late"]);
    },
    leaves: ["template policy-kept", "template policy-late"],
  },
  {
    key: "rotated",
    title: "rebuildOnSecretChange: another secret builds again with it alone, and without the cache",
    before: rotated(`${PROGRAM_SECRET}/1`),
    after: rotated(`${PROGRAM_SECRET}/2`),
    steps: { "rotated-kept": "update", "rotated-fresh": "update" },
    async updated({ world, templates, state }, created) {
      expect(templates["rotated-kept"]).toEqual(created.templates["rotated-kept"]);
      expect(templates["rotated-fresh"]!.builds).toHaveLength(2);
      expect(await world.fileIn(world.ref("rotated-fresh"), "/seen")).toBe(`${PROGRAM_SECRET}/2`);
      expect(state("rotated-fresh").inputs.buildSecrets).toHaveProperty("ciphertext");
      // That neither secret stands in the state or in what was printed is looked at after all rows.
    },
  },
  {
    key: "linked",
    title:
      "symlinks: content inside the context is copied and counts in the hash; skip leaves all links out and says so",
    prepare(_world, stack) {
      for (const folder of ["linked", "linked-skip"]) {
        stack.project.write(`${folder}/hello.txt`, "first\n");
        stack.project.write(`${folder}/deep/deep.txt`, "deep\n");
        link(stack, `${folder}/inside`, "hello.txt");
        link(stack, `${folder}/folder`, "deep");
      }
      link(stack, "linked-skip/outside", "../app/hello.txt");
      link(stack, "linked-skip/dead", "nowhere");
    },
    before: `template("linked", { context: here, dockerfileContent: ${COPIES_ALL} });
      template("linked-skip", { context: here + "-skip", symlinks: "skip", dockerfileContent: ${COPIES_ALL} });`,
    after: `template("linked", { context: here, dockerfileContent: ${COPIES_ALL} });
      template("linked-skip", { context: here + "-skip", symlinks: "skip", dockerfileContent: ${COPIES_ALL} });`,
    edit: true,
    steps: { linked: "update" },
    async created({ world, run }) {
      expect(run.said).toMatch(/symbolic links in the context are left out: dead, folder, inside, outside/);
      const files = await world.outputIn(world.ref("linked-skip"), "find /all ! -type d | sort");
      expect(files).toBe("/all/deep/deep.txt\n/all/hello.txt\n");
    },
    async updated({ world }) {
      const read = "cd /all; cat inside folder/deep.txt; find . -type l";
      expect(await world.outputIn(world.ref("linked"), read)).toBe("second\ndeep\n");
    },
  },
  {
    key: "homed",
    title: "namespace: the key's own may be given or left out, which is no difference",
    before: `template("homed", { context: here, namespace: "local" }); template("homed-later", { context: here });`,
    after: `template("homed", { context: here }); template("homed-later", { context: here, namespace: "local" });`,
    steps: {},
    created({ state }) {
      for (const name of ["homed", "homed-later"]) expect(state(name).outputs.namespace).toBe("local");
    },
  },
  {
    key: "named",
    title: "pulumi:autonaming: a pattern, and the resource's own name for one type; a name that is made stays",
    // The setting of all resources of the provider makes the first name, that of pools the second.
    before: `const it = template("named", { context: here, name: undefined });
      pool(own("named-crew"), tag("named-tag", it), { name: undefined });`,
    after: `const it = template("named", { context: here, name: undefined });
      pool(own("named-crew"), tag("named-tag", it), { name: undefined });`,
    edit: true,
    steps: { named: "update", "named-tag": "update" },
    created({ state, pools, world }) {
      const { name } = state("named").outputs;
      expect(name).toMatch(new RegExp(`^${world.own("named")}-[0-9a-z]{4}$`));
      expect(pools).toHaveProperty("named-crew");
    },
    updated({ state, templates }, created) {
      const { name } = created.state("named").outputs;
      expect(state("named").outputs.name).toBe(name);
      expect(Object.keys(templates).filter((one) => one.startsWith("named"))).toHaveLength(1);
    },
  },
];

/** The settings of the program: how the rows are named that give no name, and the key's own namespace; see `playOptions`. */
export const PROGRAM_SETTINGS = {
  "nullspace:namespace": "local",
  "pulumi:autonaming.providers.nullspace.pattern": "${prefix}-${name}-${alphanum(4)}",
  'pulumi:autonaming.providers.nullspace.resources["nullspace:index:WarmPool"].mode': "verbatim",
};
