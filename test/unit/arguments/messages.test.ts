import { describe, expect, it } from "vitest";
import { DockerEngine, DockerOptionError } from "../../../sdk/docker/index.ts";
import { InvalidArgumentError, Machine, NullspaceClient, Template, WarmPool } from "../../../sdk/index.ts";

/** As a program in JavaScript calls: types hold nobody back. */
const js = { Template, Machine, WarmPool } as unknown as Record<
  string,
  Record<string, (...args: unknown[]) => unknown>
>;
const alpine = Template.fromImage("alpine");

describe("a wrong argument is named, with what was given in its place:", () => {
  it.each<[string, () => unknown, string, string]>([
    [
      "no builder",
      () => js.Template!.build!(undefined, "x"),
      "Template.build: builder",
      "must be a template builder, such as Template.fromImage gives, and is missing",
    ],
    [
      "an object in place of the builder",
      () => js.Template!.build!({}, "x"),
      "Template.build: builder",
      "must be a template builder, such as Template.fromImage gives, not an object",
    ],
    ["a number as the name", () => js.Template!.build!(alpine, 5), "Template.build: name", "must be a text, not 5"],
    [
      "no command",
      () => (alpine.run as (...args: unknown[]) => unknown)(),
      "run: command",
      "must be a text that is not empty, or a list of texts, and is missing",
    ],
    [
      "a text as tags",
      () => js.Template!.build!(alpine, "x", { tags: "stable" }),
      "Template.build: options.tags",
      'must be a list of texts, such as ["stable"], not "stable"',
    ],
    [
      "an option as Python spells it",
      () => js.Template!.build!(alpine, "x", { memory_mib: 64 }),
      "Template.build: options.memory_mib",
      "there is no such option; did you mean memoryMib?",
    ],
    [
      "an option that is misspelt",
      () => js.Template!.build!(alpine, "x", { skipCahce: true }),
      "Template.build: options.skipCahce",
      "there is no such option; did you mean skipCache?",
    ],
    [
      "no reference",
      () => js.Template!.get!(),
      "Template.get: ref",
      "must be a text that is not empty, and is missing",
    ],
    [
      "a text in place of settings",
      () => js.Machine!.create!("base"),
      "Machine.create: settings",
      'must be an object with options, not "base"',
    ],
    [
      "a pool of nothing",
      () => js.WarmPool!.create!({}),
      "WarmPool.create: settings.name",
      "must be a text that is not empty, and is missing",
    ],
  ])("%s", async (_name, act, argument, problem) => {
    const error = await Promise.resolve()
      .then(act)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({ code: "invalid_request", argument, message: `${argument}: ${problem}` });
  });
});

describe("one thing has one name, and the others answer with it:", () => {
  const build = (options: object) => js.Template!.build!(alpine, "x", options);
  const pool = { name: "p", template: "t", minReady: 0, maxReady: 1 };
  it.each<[string, () => unknown, string]>([
    ["cpuCount of a build", () => build({ cpuCount: 2 }), "it is called vcpus here"],
    ["cpu_count of a build", () => build({ cpu_count: 2 }), "it is called vcpus here"],
    ["memoryMb of a build", () => build({ memoryMb: 2 }), "it is called memoryMib here"],
    ["cpuCount of a machine", () => js.Machine!.create!({ cpuCount: 1 }), "it is called vcpus here"],
    ["memoryMb of a machine", () => js.Machine!.create!({ memoryMb: 1 }), "it is called memoryMib here"],
    ["cpuCount of a pool", () => js.WarmPool!.create!({ ...pool, cpuCount: 1 }), "it is called vcpus here"],
    ["memory_mb of a pool", () => js.WarmPool!.create!({ ...pool, memory_mb: 1 }), "it is called memoryMib here"],
  ])("%s", async (_name, act, problem) => {
    const error = await Promise.resolve()
      .then(act)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(String(error)).toContain(problem);
  });
});

describe("no message repeats a secret:", () => {
  it.each<[string, () => unknown]>([
    ["a key", () => new NullspaceClient({ apiKey: 51_966_004 as unknown as string })],
    ["a password", () => Template.fromImage("a", { username: "u", password: 51_966_004 as unknown as string })],
    ["a build secret", () => alpine.toJSON({ buildSecrets: [{ id: "a", value: 51_966_004 as unknown as string }] })],
    [
      "a build argument",
      () => new DockerEngine({ env: {} }).build({ path: ".", buildArgs: { A: 51_966_004 as unknown as string } }),
    ],
  ])("%s", (_name, act) => {
    expect(act).toThrow(/must be a text.*, not a number/);
    expect(act).not.toThrow(/51966004/);
  });
});

it("options of a build on an engine are named as well", () => {
  const engine = new DockerEngine({ env: {} });
  const build = (options: object) => () => engine.build(options as never);
  expect(build({ path: ".", noCahce: true })).toThrow(DockerOptionError);
  expect(build({ path: ".", noCahce: true })).toThrow(
    "Build option noCahce: there is no such option; did you mean noCache?",
  );
  expect(build({ path: ".", tags: 5 })).toThrow("Build option tags: must be a text, or a list, not 5.");
});
