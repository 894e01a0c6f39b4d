import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Properties } from "../../../provider/core/properties.ts";
import { describeReasons, forecastBuild, lostPlaceIn } from "../../../provider/core/template/build-forecast.ts";
import { diffTemplate } from "../../../provider/core/template/diff.ts";
import { UNKNOWN } from "../../../provider/core/unknown.ts";

const DOCKERFILE = "FROM debian\nCOPY package.json /app/\nARG V=1\nRUN build $V\nCOPY src /app/\n";

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "nullspace-forecast-"));
  mkdirSync(join(cwd, "app"));
  writeFileSync(join(cwd, "app", "Dockerfile"), DOCKERFILE);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const of = (...paths: string[]) => Object.fromEntries(paths.map((path) => [path, path]));
const BEFORE = {
  name: "web",
  context: "./app",
  contextHash: "h1:a",
  contextFiles: of("Dockerfile", "package.json", "src/a.py", "src/b.py"),
};
const files = (changed: Record<string, string>) => ({
  contextHash: "h1:b",
  contextFiles: { ...BEFORE.contextFiles, ...changed },
});

function forecast(olds: Properties, news: Properties): Promise<string | undefined> {
  const request = { oldInputs: olds, oldOutputs: { ...olds, buildId: "tb_1" }, newInputs: news };
  return forecastBuild({ ...request, changes: diffTemplate(request).changes }, cwd);
}

it.each<[string, Properties, Properties, string | undefined]>([
  ["nothing", BEFORE, BEFORE, undefined],
  ["a new tag, which builds nothing", BEFORE, { ...BEFORE, tags: ["v1"] }, undefined],
  [
    "a file of the last COPY",
    BEFORE,
    { ...BEFORE, ...files({ "src/a.py": "new", "src/c.py": "c" }) },
    "a new build, because of files ~ src/a.py, + src/c.py; from line 5 (COPY src /app/) on, nothing comes from the cache",
  ],
  [
    "a file of the first COPY",
    BEFORE,
    { ...BEFORE, ...files({ "package.json": "new" }) },
    "a new build, because of files ~ package.json; from line 2 (COPY package.json /app/) on, nothing comes from the cache",
  ],
  [
    "a build argument",
    { ...BEFORE, buildArgs: { V: "1" } },
    { ...BEFORE, buildArgs: { V: "2" } },
    "a new build, because of buildArgs.V; from line 4 (RUN build $V) on, nothing comes from the cache",
  ],
  ["a size, which no step sees", BEFORE, { ...BEFORE, vcpus: 4 }, "a new build, because of vcpus"],
  [
    "the Dockerfile, whose last text nobody knows",
    BEFORE,
    { ...BEFORE, ...files({ Dockerfile: "new" }) },
    "a new build, because of files ~ Dockerfile",
  ],
  [
    "an argument that is not known yet",
    BEFORE,
    { ...BEFORE, buildArgs: { V: UNKNOWN } },
    "a new build, because of buildArgs",
  ],
  [
    "a step",
    {
      ...BEFORE,
      image: "debian",
      steps: [
        { kind: "run", cmd: "a" },
        { kind: "run", cmd: "b" },
      ],
    },
    {
      ...BEFORE,
      image: "debian",
      steps: [
        { kind: "run", cmd: "a" },
        { kind: "run", cmd: "c" },
      ],
    },
    "a new build, because of steps[1].cmd; from steps[1] on, nothing comes from the cache",
  ],
  [
    "a copied file",
    {
      ...BEFORE,
      image: "debian",
      steps: [
        { kind: "run", cmd: "a" },
        { kind: "copy", sources: ["./src"], dst: "/" },
      ],
    },
    {
      ...BEFORE,
      ...files({ "src/a.py": "new" }),
      image: "debian",
      steps: [
        { kind: "run", cmd: "a" },
        { kind: "copy", sources: ["./src"], dst: "/" },
      ],
    },
    "a new build, because of files ~ src/a.py; from steps[1] on, nothing comes from the cache",
  ],
  [
    "another image",
    { ...BEFORE, image: "debian:1" },
    { ...BEFORE, image: "debian:2" },
    "a new build, because of image",
  ],
])("says of %s what it leads to", async (_what, olds, news, text) => {
  expect(await forecast(olds, news)).toBe(text);
});

it("names a few of many", async () => {
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`src/${index}`, "x"]));
  expect(await forecast(BEFORE, { ...BEFORE, ...files(many) })).toMatch(
    /\+ src\/0, .*\+ src\/4 and 4 more; from line 5/,
  );
});

it("is read back for the place that it names, and for no place that a file's name is made to look like", async () => {
  const ON = "on, nothing comes from the cache";
  const changesOf = (news: Properties) =>
    diffTemplate({ oldInputs: BEFORE, oldOutputs: { ...BEFORE, buildId: "tb_1" }, newInputs: news }).changes;
  const edited = { ...BEFORE, ...files({ "src/a.py": "new" }) };
  const line = (await forecast(BEFORE, edited))!;
  expect(lostPlaceIn(line, changesOf(edited))).toBe("line 5 (COPY src /app/)");
  expect(lostPlaceIn("a build has failed", changesOf(edited))).toBeUndefined();
  expect(lostPlaceIn(line, changesOf({ ...BEFORE, vcpus: 4 }))).toBeUndefined();
  const posing = { ...BEFORE, ...files({ [`a; from line 1 (FROM debian) ${ON}`]: "new" }) };
  expect(lostPlaceIn(describeReasons(changesOf(posing))!, changesOf(posing))).toBeUndefined();
});
