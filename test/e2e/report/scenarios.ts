import type { PulumiProject } from "../support/pulumi-project.ts";
import type { World } from "../sequences/support/world.ts";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { baseImage } from "../support/service.ts";
import type { FailOn } from "../../../provider/report/index.ts";

/** A change that somebody proposes, on top of those before it. */
export interface Scenario {
  /** Of its files. */
  name: string;
  /** Part of a program; see `programText` for what it may use. */
  program: string;
  /** Changes files, or the service. */
  arrange?(project: PulumiProject, world: World): unknown;
  /** Arguments of `pulumi preview`. */
  args?: readonly string[];
  /** Recorded as a stream of events, too. */
  streamed?: boolean;
  /** The preview is the end of it: it fails, or an update would. */
  previewOnly?: boolean;
  /** In the gate it is played in the dynamic shell alone, whose previews know less. */
  dynamicInGate?: boolean;
  /** What a caller may stop at. */
  meets: readonly FailOn[];
}

const rest = `const stable = tag("stable", web); pool("pool", stable);`;
const web = (inputs = "{}") => `const web = template("web", { buildArgs: { ...BASE, V: "1" }, ...${inputs} });`;
const DOCKERFILE = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nARG V\nRUN echo $V\nCOPY . /app/\n";

/** Another name of the image that every test builds on: to a Dockerfile, another base image. */
export const NEXT_BASE = "nullspace-report-base:2";

export async function onEngine(act: (engine: DockerEngine) => Promise<unknown>): Promise<void> {
  const engine = new DockerEngine();
  try {
    await act(engine);
  } finally {
    await engine.close();
  }
}

/** Names that mean something to a shell, to Markdown, to HTML or to GitHub. */
export const ODD_FILES = ["a|b.txt", "back`tick.txt", "<b>bold</b>.txt", "@all.txt", "new\nline.txt", "[link](x).txt"];

/** Each is previewed, and then made, in this order. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "create",
    program: `${web()} ${rest} alias("site", web);`,
    arrange: (project) => project.write("app/Dockerfile", DOCKERFILE),
    meets: [],
  },
  {
    name: "one-file",
    streamed: true,
    program: `${web()} ${rest} alias("site", web);`,
    arrange: (project) => project.write("app/hello.txt", "second\n"),
    meets: ["rebuild"],
  },
  { name: "nothing", dynamicInGate: true, program: `${web()} ${rest} alias("site", web);`, meets: [] },
  {
    name: "argument",
    dynamicInGate: true,
    program: `${web('{ buildArgs: { ...BASE, V: "2" }, env: { A: "x | y" } }')} ${rest} alias("site", web);`,
    meets: ["rebuild"],
  },
  {
    name: "base-image",
    dynamicInGate: true,
    program: `${web('{ buildArgs: { ...BASE, V: "2" }, env: { A: "x | y" } }')} ${rest} alias("site", web);`,
    async arrange(project) {
      await onEngine((engine) => engine.images.tag(baseImage(), NEXT_BASE));
      project.write("app/Dockerfile", DOCKERFILE.replace("FROM ${BASE_IMAGE}", `FROM ${NEXT_BASE}`));
    },
    meets: ["rebuild"],
  },
  {
    name: "rename",
    dynamicInGate: true,
    program: `${web('{ buildArgs: { ...BASE, V: "2" }, env: { A: "x | y" }, name: own("renamed") }')} ${rest} alias("site", web);`,
    meets: [],
  },
  {
    name: "secret-and-sizes",
    dynamicInGate: true,
    program: `${web('{ buildSecrets: { token: "a-secret-nobody-may-see" }, env: { A: "x | y" }, buildArgs: { ...BASE, V: "2" }, name: own("renamed"), tags: ["default", "more"] }')}
      const stable = tag("stable", web); pool("pool", stable, { minReady: 0, labels: { team: "a|b" } }); alias("site", web);`,
    meets: [],
  },
  {
    name: "rotated-secret",
    dynamicInGate: true,
    program: `${web('{ buildSecrets: { token: "another-secret-nobody-may-see" }, env: { A: "x | y" }, buildArgs: { ...BASE, V: "2" }, name: own("renamed"), tags: ["default", "more"] }')}
      const stable = tag("stable", web); pool("pool", stable, { minReady: 0, labels: { team: "a|b" } }); alias("site", web);`,
    meets: [],
  },
  {
    name: "many-files",
    dynamicInGate: true,
    program: `${web()} ${rest} alias("site", web);`,
    arrange(project) {
      for (const name of ODD_FILES) project.write(`app/${name}`, "odd\n");
      for (let index = 0; index < 8; index++) project.write(`app/more/${index}.txt`, "more\n");
    },
    // The tag `more` is gone from the program.
    meets: ["delete", "rebuild"],
  },
  {
    name: "other-tag",
    dynamicInGate: true,
    program: `${web()} const stable = tag("stable", web, { tag: "live" }); pool("pool", stable);`,
    meets: ["replace", "delete"],
  },
  {
    name: "drift",
    dynamicInGate: true,
    streamed: true,
    program: `${web()} const stable = tag("stable", web, { tag: "live" }); pool("pool", stable);`,
    arrange: (_project, world) => world.build("web", "by hand", ["default", "live"]),
    args: ["--refresh"],
    meets: [],
  },
  {
    name: "wrong-input",
    dynamicInGate: true,
    program: `template("web", { context: "./nowhere", vcpus: 2 });`,
    previewOnly: true,
    meets: [],
  },
  {
    name: "program-throws",
    dynamicInGate: true,
    streamed: true,
    program: `${web()} throw new Error("boom: <b>@all</b> [x](https://example.com) | \`y\`");`,
    previewOnly: true,
    meets: [],
  },
  { name: "delete", program: "", meets: ["delete"] },
];
