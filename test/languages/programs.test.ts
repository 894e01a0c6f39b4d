import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { NotFoundError } from "../../sdk/client/index.ts";
import { PulumiProject } from "../e2e/support/pulumi-project.ts";
import { baseImage, startTestService, type TestService } from "../e2e/support/service.ts";
import { madeSdks } from "./support/made-sdks.ts";
import { goProgram, pythonProgram, yamlProgram, type LanguageProgram } from "./support/programs.ts";

describe("a program with the plugin, under the real CLI", () => {
  let service: TestService;
  let project: PulumiProject | undefined;
  const folder = mkdtempSync(join(tmpdir(), "nullspace-languages-"));

  beforeAll(async () => {
    await madeSdks();
    service = await startTestService();
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    project?.dispose();
    project = undefined;
  });

  it.each<[string, (name: string) => LanguageProgram]>([
    ["python", (name) => pythonProgram(name, folder)],
    ["go", goProgram],
    ["yaml", yamlProgram],
  ])("previews, builds, has nothing more to do, rebuilds and takes all away: %s", async (language, programOf) => {
    const name = `in-${language}`;
    const { files, env, path } = programOf(name);
    const dockerfile = `FROM ${baseImage()}\nRUN echo ${language}\n`;
    project = new PulumiProject({
      files: { ...files, "app/Dockerfile": dockerfile },
      env: { ...service.env, ...env },
    });
    if (path !== undefined) project.setEnv({ PATH: [path, project.env["PATH"]].join(delimiter) });
    await project.ok("stack", "init", "dev");

    expect((await project.ok("preview")).text).toMatch(/\+ 3 to create/);
    await expect(service.client.templates.get(`local/${name}`)).rejects.toThrow(NotFoundError);

    await project.ok("up", "--yes", "--skip-preview");
    const { build_id } = (await service.client.templates.listTags(`local/${name}`)).find(
      ({ tag }) => tag === "stable",
    )!;
    const { ref, tags } = await project.outputs();
    expect(ref).toBe(`local/${name}:stable`);
    expect(tags).toEqual({ v1: build_id, stable: build_id });

    const again = await project.ok("up", "--yes", "--skip-preview", "--expect-no-changes");
    expect(again.text).toMatch(/3 unchanged/);

    project.write("app/Dockerfile", `${dockerfile}RUN echo more\n`);
    await project.ok("up", "--yes", "--skip-preview");
    const moved = await project.outputs();
    expect(moved.tags).toMatchObject({ stable: expect.not.stringMatching(build_id) });

    await project.ok("destroy", "--yes", "--skip-preview");
    await expect(service.client.templates.get(`local/${name}`)).rejects.toThrow(NotFoundError);
  });
});
