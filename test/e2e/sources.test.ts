import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PulumiProject } from "./support/pulumi-project.ts";
import { baseImage, startTestService, type TestService } from "./support/service.ts";

const shells = [
  { shell: "dynamic", module: "pulumi-nullspace" },
  { shell: "plugin", module: "pulumi-nullspace/native" },
] as const;

const program = (module: string) => `"use strict";
const pulumi = require("@pulumi/pulumi");
const nullspace = require(${JSON.stringify(module)});
const { fromImage } = require("pulumi-nullspace/sdk");
const image = process.env.NULLSPACE_BASE_IMAGE;
const size = { vcpus: 1, memoryMib: 64 };
const base = new nullspace.Template("base", {
  ...size, name: "base", image, workdir: "/srv", buildEnv: { ONLY_IN_THE_BUILD: "yes" },
  steps: [
    { kind: "run", cmd: "echo $ONLY_IN_THE_BUILD " + (process.env.STEP_TEXT || "first") + " > /from-step" },
    { kind: "make_dir", path: "/made", mode: "0700" },
    { kind: "copy", sources: ["src", "one.txt"], dst: "/srv/", mode: "0644" },
  ],
});
const upon = new nullspace.Template("upon", {
  ...size, name: "upon", fromTemplate: pulumi.interpolate\`\${base.canonicalRef}:\${base.buildId}\`,
  steps: [{ kind: "run", cmd: "cat /from-step > /seen" }],
});
const built = new nullspace.Template("built", {
  ...size, name: "built", source: fromImage(image).copy("src", "/code/").runCmd("echo built > /by-builder").setUser("nobody"),
});
const plain = new nullspace.Template("plain", { ...size, image });
module.exports = {
  base: base.buildId, upon: upon.buildId, built: built.buildId, plain: plain.name, plainHash: plain.contextHash, baseHash: base.contextHash,
  namespace: base.namespace,
  asked: pulumi.output(base.buildId).apply(() => nullspace.getTemplate({ template: "local/base" })),
  build: nullspace.getBuildOutput({ buildId: base.buildId }).status,
  all: pulumi.all([upon, built, plain].map((one) => one.buildId)).apply(() => nullspace.getTemplates({ namespace: "local" })).templates.apply((all) => all.map((one) => one.name)),
};
`;

const files = {
  "src/main.txt": "main\n",
  "src/ignored.log": "noise\n",
  "one.txt": "one\n",
  "unrelated/big.txt": "not copied\n",
  ".dockerignore": "**/*.log\n",
};

describe.each(shells)("what a template is built from, under the $shell shell", { timeout: 240_000 }, ({ module }) => {
  let service: TestService;
  let project: PulumiProject;

  const inMachine = async (template: string, command: string): Promise<string> => {
    const machine = await service.client.machines.create({ template, vcpus: 1, memory_mb: 64 });
    try {
      const { stdout } = await service.client.machines.exec(machine.id, { command, shell: true, background: false });
      return stdout.trim();
    } finally {
      await service.client.machines.delete(machine.id);
    }
  };

  beforeAll(async () => {
    baseImage();
    service = await startTestService();
    project = new PulumiProject({ program: program(module), files, env: service.env });
    await project.ok("stack", "init", "dev");
  });
  afterAll(async () => {
    project?.dispose();
    await service?.[Symbol.asyncDispose]();
  });

  it("is an image, steps on it, another template, or a builder of the SDK", async () => {
    await project.ok("preview");
    await project.ok("up", "--yes", "--skip-preview");
    const outputs = await project.outputs();
    expect(outputs).toMatchObject({
      plain: expect.stringMatching(/^plain-[0-9a-f]{7}$/),
      plainHash: "none",
      baseHash: expect.stringMatching(/^h1:/),
      namespace: "local",
      build: "ready",
      asked: { canonicalRef: "local/base", tags: { default: outputs.base }, buildId: outputs.base, aliases: [] },
    });
    expect(outputs.all).toEqual(expect.arrayContaining(["base", "built", outputs.plain as string, "upon"]));
    expect(await inMachine("local/base", "cat /from-step /srv/main.txt /srv/one.txt; ls /srv; stat -c %a /made")).toBe(
      "yes first\nmain\none\nmain.txt\none.txt\n700",
    );
    expect(await inMachine("local/base", 'pwd; echo "<$ONLY_IN_THE_BUILD>"')).toBe("/srv\n<>");
    expect(await inMachine("local/upon", "cat /seen")).toBe("yes first");
    // A builder without a file context has no ignore rules.
    expect(await inMachine("local/built", "cat /by-builder; ls /code; id -un")).toBe(
      "built\nignored.log\nmain.txt\nnobody",
    );
  });

  it("makes no difference as long as nothing of it changes", async () => {
    project.write("unrelated/big.txt", "changed, and copied by nobody\n");
    const { text } = await project.ok("preview", "--diff");
    expect(text).toMatch(/5 unchanged/);
  });

  it("is compared step by step and file by file", async () => {
    const before = await project.outputs();
    project.write("one.txt", "two\n");
    project.setEnv({ STEP_TEXT: "second" });
    const preview = await project.ok("preview", "--diff");
    expect(preview.text).toMatch(/one\.txt/);
    expect(preview.text).toMatch(/cmd *: "echo \$ONLY_IN_THE_BUILD first > \/from-step" *=> *"echo/);
    await project.ok("up", "--yes", "--skip-preview");
    const after = await project.outputs();
    expect(after.base).not.toBe(before.base);
    expect(after.upon).not.toBe(before.upon);
    expect(after.built).toBe(before.built);
    expect(after.plain).toBe(before.plain);
    expect(await inMachine("local/upon", "cat /seen; cat /srv/one.txt")).toBe("yes second\ntwo");
    expect((await project.ok("up", "--yes", "--skip-preview")).text).toMatch(/5 unchanged/);
  });

  it("leaves nothing behind", async () => {
    await project.ok("destroy", "--yes");
    const left = (await service.client.templates.list()).filter(({ builtin }) => !builtin);
    expect(left).toEqual([]);
  });
});
