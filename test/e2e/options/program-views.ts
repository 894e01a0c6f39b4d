import { expect } from "vitest";
import type { OptionRow } from "./option-rows.ts";

/** A template for each way to transform, whose way adds the tag `<way>-<version>`. */
const transformed = (version: number) => `
  const added = (way) => ({ props, opts }) => ({ props: { ...props, tags: ["default", way + "-${version}"] }, opts });
  const only = (name, way) => (args) => (args.name === name && /Template$/.test(args.type) ? added(way)(args) : undefined);
  pulumi.runtime.registerStackTransformation(only("shaped-a", "stack"));
  template("shaped-a", { context: here });
  template("shaped-b", { context: here }, { transforms: [added("own")] });
  template("shaped-c", { context: here }, { transformations: [added("own")] });
  const options = (way) => ({ [way]: [only("shaped-d", way), only("shaped-e", way)] });
  const newer = new pulumi.ComponentResource("options:index:Home", "shaped-newer", {}, options("transforms"));
  const older = new pulumi.ComponentResource("options:index:Home", "shaped-older", {}, options("transformations"));
  template("shaped-d", { context: here }, { parent: newer });
  template("shaped-e", { context: here }, { parent: older });
`;

/** Options about what the program gives to a resource, and what it and the user see of it. */
export const PROGRAM_VIEWS: OptionRow[] = [
  {
    key: "shaped",
    title:
      "transforms and transformations, of a resource, a component and the stack: what they make of the inputs counts",
    before: transformed(1),
    after: transformed(2),
    steps: Object.fromEntries([..."abcde"].map((letter) => [`shaped-${letter}`, "update"])),
    updated({ templates }, created) {
      const tagsOf = (look: typeof created) =>
        [..."abcde"].map((letter) => Object.keys(look.templates[`shaped-${letter}`]?.tags ?? {}).at(-1));
      expect(tagsOf(created)).toEqual(["stack-1", "own-1", "own-1", "transforms-1", "transformations-1"]);
      const ways = ["stack-2", "own-2", "own-2", "transforms-2", "transformations-2"];
      expect(tagsOf({ ...created, templates })).toEqual(ways);
      expect(templates["shaped-b"]?.builds).toHaveLength(1);
    },
  },
  {
    key: "hidden",
    title: "additionalSecretOutputs: the output is encrypted in the state, and whoever uses it gets its value",
    before: `const it = template("hidden", { context: here }, { additionalSecretOutputs: ["buildId"] }); tag("hidden-tag", it);`,
    after: `const it = template("hidden", { context: here }, { additionalSecretOutputs: ["buildId"] }); tag("hidden-tag", it);`,
    edit: true,
    steps: { hidden: "update", "hidden-tag": "update" },
    updated({ templates, state }) {
      const [second] = templates.hidden?.builds ?? [];
      expect(templates.hidden?.tags).toEqual({ default: second, stable: second });
      expect(state("hidden").outputs.buildId).toHaveProperty("ciphertext");
      expect(state("hidden-tag").inputs.buildId).toHaveProperty("ciphertext");
      expect(JSON.stringify(state("hidden"))).not.toContain(second);
    },
  },
  {
    key: "quiet",
    title: "hideDiffs: the change is not shown, and is made",
    before: `template("quiet", { context: here, env: { A: "quiet-one" } }, { hideDiffs: ["env"] });`,
    after: `template("quiet", { context: here, env: { A: "quiet-two" } }, { hideDiffs: ["env"] });`,
    steps: { quiet: "update" },
    async updated({ world }) {
      expect(await world.fileIn(world.ref("quiet"), "/proc/self/environ")).toContain("A=quiet-two");
    },
  },
];
