import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeReport, metConditions, FAIL_ON, readPreview, renderMarkdown } from "../../provider/report/index.ts";
import { expectClaimsKept, look } from "./report/claims.ts";
import { normalizePreview } from "./report/normalize.ts";
import { NEXT_BASE, onEngine, SCENARIOS } from "./report/scenarios.ts";
import { isWhole } from "./sequences/support/extent.ts";
import { inBothShells } from "./sequences/support/rows.ts";
import { Stack } from "./sequences/support/stack.ts";
import { World } from "./sequences/support/world.ts";
import { runEngineOk } from "./support/engine-events.ts";
import { repo } from "./support/pulumi-project.ts";

const GOLDEN = join(repo, "test", "unit", "report", "golden");
/** `npm run record:previews` */
const isRecording = process.env.NULLSPACE_RECORD_PREVIEWS !== undefined;
const STREAMING = "PULUMI_ENABLE_STREAMING_JSON_PREVIEW";

inBothShells("the report of a preview", ({ shell, service }) => {
  let stack: Stack;
  let world: World;

  beforeAll(async () => {
    const prefix = "team";
    world = new World(service().client, prefix);
    stack = await Stack.create({ shell, prefix, env: service().env });
  });

  afterAll(async () => {
    stack?.[Symbol.dispose]();
    await world?.clear();
    // It is not there when its scenario was not played.
    await onEngine((engine) => engine.images.remove(NEXT_BASE).catch(() => undefined));
  });

  /** What the CLI prints on standard output, as one document or as events. */
  const preview = async (args: readonly string[], isStreamed: boolean): Promise<string> => {
    const { project } = stack;
    if (isStreamed) project.setEnv({ [STREAMING]: "true" });
    else delete project.env[STREAMING];
    const { stdout } = await project.run("preview", "--json", ...args);
    // Pulumi prints in clear in its own debug messages what it hides elsewhere.
    project.printed.pop();
    return stdout;
  };

  const record = (name: string, output: string): void => {
    if (!isRecording) return;
    mkdirSync(GOLDEN, { recursive: true });
    const shown = output.replaceAll(/^.*"severity":"debug".*\n/gm, "");
    writeFileSync(join(GOLDEN, name), normalizePreview(shown, stack.project.dir));
  };

  const played = SCENARIOS.filter(({ dynamicInGate }) => {
    return isWhole || isRecording || shell === "dynamic" || dynamicInGate !== true;
  });

  it.each(played)("$name: claims what the update then does, and nothing else", async (scenario) => {
    const { name, program, args = [], previewOnly = false, streamed = false, meets } = scenario;
    stack.program(program);
    await scenario.arrange?.(stack.project, world);
    const printed = await preview(args, false);
    record(`${shell}-${name}.json`, printed);
    const report = makeReport([{ preview: readPreview(printed) }]);
    const [told] = report.stacks;
    expect({ failed: report.failed, meets: metConditions(report, FAIL_ON) }).toEqual({ failed: previewOnly, meets });
    expect(renderMarkdown(report, "preview")).not.toMatch(/nobody-may-see/);
    if (isRecording && streamed) record(`${shell}-${name}.events.json`, await preview(args, true));
    if (previewOnly) return;
    const before = await look(world);
    const run = await runEngineOk(stack.project, "up", "--yes", "--skip-preview", ...args);
    expectClaimsKept(told!, run, before, await look(world), world);
  });
});
