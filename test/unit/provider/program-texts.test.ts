import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { controllerFor } from "../../../provider/controllers.ts";
import type { Properties } from "../../../provider/core/properties.ts";
import { formatPropertyPath } from "../../../provider/core/property-path.ts";
import { GIVEN } from "../../../provider/dynamic/carried-inputs.ts";
import { readArguments } from "../../../provider/dynamic/read-arguments.ts";
import { openProperties } from "../../../provider/dynamic/opened-properties.ts";
import { ProgramTexts } from "../../../provider/dynamic/program-texts.ts";
import { Redactor } from "../../../sdk/secrets/index.ts";
import { arbitraryInputs } from "./arbitrary-inputs.ts";

const template = controllerFor("Template");
const givenTexts = async (args: object, secrets: readonly string[]) => (await readArguments(args, secrets)).givenTexts;
const open = (properties: Properties) => openProperties(new Redactor(), template, properties);

describe("texts that do not come from the program", () => {
  let texts: ProgramTexts;
  beforeAll(() =>
    pulumi.runtime.setMocks({ newResource: ({ name }) => ({ id: `${name}-id`, state: {} }), call: () => ({}) }),
  );
  beforeEach(() => void (texts = new ProgramTexts()));

  /** Places found in what the engine sends, for a program that gave `args`. */
  const found = async (args: object, sent: Properties, last?: Properties) => {
    const bag = { ...sent, __mark: "m", [GIVEN]: await givenTexts(args, ["buildSecrets", "registryAuth"]) };
    return texts
      .addedBehind(template, bag, last && open(last))
      .map(formatPropertyPath)
      .sort();
  };

  it("are none where the engine sends what the program gives, whatever that is", async () => {
    const inputs = arbitraryInputs(template.inputs, { secrets: false });
    await fc.assert(
      fc.asyncProperty(inputs, async (sent) => {
        expect(await found(sent, sent)).toEqual([]);
      }),
    );
  });

  it("are found in variables, commands and steps, added, changed or moved; not in names, tags and kinds", async () => {
    const args = {
      name: "web",
      env: { KEPT: pulumi.output("as it was"), MOVED: Promise.resolve("from here"), OTHER: "before" },
      readiness: { kind: "command", command: "true" },
    };
    const sent = {
      name: "other-name",
      tags: ["added"],
      env: { KEPT: "as it was", TO: "from here", OTHER: "after", SHORT: "abc" },
      startCmd: "run with added",
      readiness: { kind: "http", path: "/added" },
      steps: [{ type: "run", cmd: "echo added" }],
    };
    const all = ["env.OTHER", "env.TO", "readiness.path", "startCmd", "steps[0].cmd"];
    expect(await found(args, sent)).toEqual(all);
  });

  it("are not those that ignoreChanges keeps of a state in which they are plain, also when Check is asked again", async () => {
    const sent = { env: { A: "plain of old", B: "secret of old" } };
    const last = { ...sent, __secrets: ["env.B"] };
    expect(await found({ env: { A: "new value" } }, sent, last)).toEqual(["env.B"]);
    expect(await found({ env: { A: "new value" } }, sent)).toEqual(["env.B"]);
  });

  it("are not named again where the program itself marks them", () => {
    const bag = { env: { A: "hunter2", B: "added" }, buildArgs: { C: "hunter3" }, __secrets: ["env.A", "buildArgs"] };
    const more = [
      ["env", "A"],
      ["env", "B"],
      ["buildArgs", "C"],
    ];
    const { marked } = openProperties(new Redactor(), template, bag, more);
    expect(marked.map(formatPropertyPath)).toEqual(["env.A", "buildArgs", "env.B"]);
  });

  it("leave no digest of a secret, and none of what is not known or fails", async () => {
    const plain = await givenTexts({ env: { A: "plain" } }, []);
    const args = {
      env: { A: "plain", B: pulumi.secret("hunter2"), C: pulumi.output({ deep: pulumi.secret("hunter3") }) },
      startCmd: pulumi.interpolate`run ${pulumi.secret("hunter2")}`,
      image: Promise.reject(new Error("no")),
      buildSecrets: { token: "hunter4" },
    };
    expect(await givenTexts(args, ["buildSecrets"])).toEqual(plain);
  });
});
