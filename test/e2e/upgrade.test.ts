import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repo } from "./support/pulumi-project.ts";
import {
  programOf,
  recordedVersions,
  recordState,
  RestoredState,
  SHELLS,
  type Shell,
} from "./support/recorded-state.ts";

/** `npm run record:state` */
if (process.env.NULLSPACE_RECORD_STATE !== undefined) {
  const { version } = JSON.parse(readFileSync(join(repo, "package.json"), "utf8")) as { version: string };
  await recordState(version);
}

describe.each(recordedVersions())("the state that version %s left behind", (version) => {
  let restored: RestoredState;
  beforeAll(async () => void (restored = await RestoredState.open(version)));
  afterAll(() => restored?.[Symbol.asyncDispose]());

  /** What of a shell's recorded stack is at the service: its builds, and where its tags were moved. */
  const atService = async (shell: Shell) => {
    const { builds, templates } = restored.service.client;
    return {
      web: (await builds.list(`local/${shell}-web`)).builds.map((build) => build.build_id),
      tools: (await builds.list(`local/${shell}-tools`)).builds.map((build) => build.build_id),
      tags: await templates.listTags(`local/${shell}-web`),
      aliases: await templates.listAliases(`local/${shell}-web`),
    };
  };

  it("keeps its images beside another run on the same engine", async () => {
    const images = await restored.images();
    expect(images.length).toBeGreaterThan(1);
    const other = await RestoredState.open(version);
    try {
      expect(await other.images()).toHaveLength(images.length);
    } finally {
      await other[Symbol.asyncDispose]();
    }
    expect(await other.images()).toEqual([]);
    expect(await restored.images()).toEqual(images);
  });

  it.each(Object.keys(SHELLS) as Shell[])("is one that the %s shell finds nothing to do in", async (shell) => {
    using project = await restored.project(shell, programOf(shell, shell));
    const before = { outputs: await project.outputs(), service: await atService(shell) };
    expect(before.service).toMatchObject({ web: [before.outputs.web], tools: [before.outputs.tools] });
    await project.ok("up", "--yes", "--skip-preview", "--expect-no-changes");
    await project.ok("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    expect({ outputs: await project.outputs(), service: await atService(shell) }).toEqual(before);
  });

  it("moves from the dynamic shell to the plugin by aliases, and nothing is built for it", async () => {
    // As the docs say it for a Template.
    const [, forTemplate] = /^\| dynamic +\| `(.+)`/m.exec(
      readFileSync(join(repo, "docs/provider/shells.md"), "utf8"),
    )!;
    const options = `(type) => ({ aliases: ${forTemplate!.replace('Template"', '" + type')} })`;
    using project = await restored.project("dynamic", programOf("plugin", "dynamic", options));
    const before = { outputs: await project.outputs(), service: await atService("dynamic") };
    const preview = await project.ok("preview");
    expect(preview.text).toMatch(/6 unchanged/);
    expect(preview.text).not.toMatch(/to (create|update|replace|delete)/);
    await project.ok("up", "--yes", "--skip-preview");
    expect({ outputs: await project.outputs(), service: await atService("dynamic") }).toEqual(before);
    // Once it has gone through, the option can go.
    project.write("index.js", programOf("plugin", "dynamic"));
    await project.ok("up", "--yes", "--skip-preview", "--expect-no-changes");
  });
});
