import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import type { Controller } from "../../../provider/core/controller.ts";
import type { Properties } from "../../../provider/core/properties.ts";
import { controllers } from "../../../provider/controllers.ts";
import { effectsOf } from "../../../provider/core/input-facts.ts";
import type { OperationContext } from "../../../provider/core/operation-context.ts";
import { DeclaredInputs } from "../../../provider/core/ownership/declared-inputs.ts";
import { formatPropertyPath } from "../../../provider/core/property-path.ts";
import { hasUnknown, UNKNOWN } from "../../../provider/core/unknown.ts";
import { providerText } from "../../../provider/dynamic/provider-text.ts";
import { decodeProperties } from "../../../provider/values/wire-values.ts";
import { arbitraryInputs, UNKNOWN_TEXT, withoutSecrets, type Marks } from "./arbitrary-inputs.ts";
import { DynamicProviderProcess } from "./dynamic-provider-process.ts";
import { PluginProcess } from "./plugin-client.ts";

const EVERYTHING: Marks = { unknowns: true, secrets: true, nulls: true };
const { DiffChanges } = providerProto.DiffResponse;
const types = Object.entries(controllers);
/** What a state of another version may hold beside the inputs of this one. */
const FOREIGN = { retired: "1", future: { deep: [UNKNOWN_TEXT] } };

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "nullspace-inputs-"));
  symlinkSync(join(import.meta.dirname, "../../../node_modules"), join(cwd, "node_modules"));
  mkdirSync(join(cwd, "app"));
  writeFileSync(join(cwd, "app", "Dockerfile"), "FROM scratch\n");
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const context = (): OperationContext => ({
  urn: "",
  mark: "",
  declared: new DeclaredInputs(),
  naming: { resource: "web", mode: "propose", seed: "a seed" },
  secretInputs: [],
  shell: { imports: true, customTimeouts: true, resourceToken: (type) => type },
  preview: true,
  signal: new AbortController().signal,
  log: () => undefined,
  // Check asks whether a namespace is the key's own: nobody answers, at once.
  config: { apiKey: "k", apiUrl: "http://127.0.0.1:9", maxRetries: 0 },
  cwd,
});

/** Inputs as a program gives them; those of the context lead to files that are there. */
const given = ({ inputs }: Controller, marks: Marks, more: Record<string, fc.Arbitrary<unknown>> = {}) => {
  const place = { context: fc.constantFrom("./app", ...(marks.unknowns ? [UNKNOWN_TEXT] : [])) };
  const all = arbitraryInputs(inputs, marks, {
    ...("context" in inputs.shape ? { ...place, dockerfile: fc.constant(undefined) } : {}),
    ...more,
  });
  if (!("image" in inputs.shape)) return all;
  return fc.tuple(all, fc.constantFrom(...Object.keys(BESIDE))).map(([wire, source]) => withOneSource(wire, source));
};

/** What a template may be built from, and the inputs that do not go with it. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  dockerfileContent: ["image", "fromTemplate", "steps"],
  image: ["fromTemplate", "dockerfileContent", "buildArgs", "target"],
  fromTemplate: ["image", "dockerfileContent", "buildArgs", "target"],
};

/** Most programs give one source, and copy what is there; some do not. */
function withOneSource(wire: Properties, source: string): Properties {
  if (wire.vcpus === 1) return wire;
  const one = Object.fromEntries(Object.entries(wire).filter(([key]) => !BESIDE[source]!.includes(key)));
  if (source !== "dockerfileContent") one[source] ??= "web";
  if (!Array.isArray(one.steps)) return one;
  const isCopy = (step: unknown) => /^copy/.test(String((withoutSecrets(step) as { kind?: unknown } | null)?.kind));
  return { ...one, steps: one.steps.filter((step) => !isCopy(step)) };
}
/** Nothing pins a hash: what is there is what is hashed. */
const unpinned = (controller: Controller, marks: Marks) =>
  given(controller, marks, "contextHash" in controller.inputs.shape ? UNPINNED : {});
const UNPINNED = { contextHash: fc.constant(undefined), contextFiles: fc.constant(undefined) };

/** Pairs that often differ in a single place, or in none. */
const pairs = (controller: Controller, marks: Marks) =>
  fc
    .tuple(
      given(controller, marks),
      given(controller, marks),
      fc.subarray(Object.keys(controller.inputs.shape)),
      fc.nat(9),
    )
    .map(([olds, others, keys, dice]) => {
      const taken = Object.fromEntries(keys.filter((key) => key in others).map((key) => [key, others[key]]));
      const news = dice < 3 ? olds : dice < 8 ? { ...olds, ...taken } : others;
      return { olds: withoutSome(olds, dice), news: shuffled(news, dice) };
    });

/** A state of an older version lacks members that have defaults; one of another version has others. */
function withoutSome(olds: Properties, dice: number): Properties {
  if (dice % 2 === 0) return olds;
  return { ...FOREIGN, ...olds };
}

function shuffled(news: Properties, dice: number): Properties {
  if (dice % 3 !== 0 || !Array.isArray(news.tags)) return news;
  return { ...news, tags: [...(news.tags as unknown[]), ...(news.tags as unknown[])].reverse() };
}

/**
 * The model: inputs as zod itself completes them, without what does not count, in one order. Two inputs mean the same when
 * these are equal texts and hold nothing unknown.
 */
function meaning({ inputs }: Controller, properties: Properties): string | undefined {
  const counted = Object.entries(inputs.shape).filter(([key]) => effectsOf(inputs)[key]!.effect !== "ignore");
  const members = counted.map(([key, schema]) => {
    const value = withoutNulls(properties[key]);
    const parsed = (schema as z.ZodType).safeParse(value);
    const whole = parsed.success ? parsed.data : value;
    return [key, effectsOf(inputs)[key]!.set && Array.isArray(whole) ? [...new Set(whole.map(textOf))].sort() : whole];
  });
  const isUnknown = counted.some(([key]) => hasUnknown(properties[key]));
  return isUnknown ? undefined : textOf(withoutNulls(Object.fromEntries(members)));
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value ?? undefined;
  const present = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(present.map(([key, member]) => [key, withoutNulls(member)]));
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "-";
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${textOf(member)}`);
  return `{${members.sort().join()}}`;
}

describe.each(types)("the inputs of a %s", { timeout: 60_000 }, (type, controller) => {
  const plain = (wire: Properties) => decodeProperties(wire).values;

  it("are checked without a throw, whatever is unknown, secret or null in them", async () => {
    await fc.assert(
      fc.asyncProperty(given(controller, EVERYTHING), async (wire) => {
        const { failures } = await controller.check({ news: plain(wire) }, context());
        for (const { property, reason } of failures)
          expect([typeof property, reason]).toEqual(["string", expect.stringMatching(/./)]);
      }),
    );
  });

  it("are checked without a throw when they are of quite another form", async () => {
    const anything = fc.record(
      Object.fromEntries(
        Object.keys(controller.inputs.shape).map((key) => [key, fc.oneof(fc.jsonValue(), fc.constant(UNKNOWN))]),
      ),
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(anything, anything, async (news, olds) => {
        await controller.check({ news, olds }, context());
        controller.diff({ oldInputs: olds, oldOutputs: olds, newInputs: news });
      }),
    );
  });

  it("are right when they have no unknown part, and are let through as far as they have one", async () => {
    await fc.assert(
      fc.asyncProperty(unpinned(controller, { unknowns: true }), async (wire) => {
        const { failures } = await controller.check({ news: plain(wire) }, context());
        const rules = /together|not both|is less than|needs a tag|pattern|malformed|Dockerfile/;
        expect(failures.filter(({ reason, property }) => !rules.test(reason) && property !== "ignorePatterns")).toEqual(
          [],
        );
      }),
    );
  });

  it("are the same when they are checked a second time", async () => {
    await fc.assert(
      fc.asyncProperty(given(controller, { unknowns: true, nulls: true }), async (wire) => {
        const first = await controller.check({ news: plain(wire) }, context());
        fc.pre(first.failures.length === 0);
        expect(await controller.check({ news: first.inputs }, context())).toEqual(first);
        expect(await controller.check({ news: first.inputs, olds: first.inputs }, context())).toEqual(first);
      }),
    );
  });

  it("make no difference exactly when they mean the same", () => {
    let [same, different] = [0, 0];
    fc.assert(
      fc.property(fc.oneof(pairs(controller, EVERYTHING), pairs(controller, { nulls: true })), ({ olds, news }) => {
        const [oldInputs, newInputs] = [plain(olds), plain(news)];
        const { changes } = controller.diff({ oldInputs, newInputs });
        // Where the program asks for no namespace, the one that there is is right; and what is not known is not another.
        const isAnother = newInputs.namespace != null && oldInputs.namespace != null;
        const inSame: Record<string, unknown> = isAnother
          ? { ...oldInputs }
          : { ...oldInputs, namespace: newInputs.namespace };
        // The tag that a pool follows may stand in its template alone.
        if (followedTag(oldInputs) === followedTag(newInputs)) inSame.trackTag = newInputs.trackTag;
        const [before, after] = [meaning(controller, inSame), meaning(controller, newInputs)];
        const isSame = before !== undefined && before === after;
        if (isSame) same++;
        else different++;
        expect(changes.map(({ path }) => formatPropertyPath(path)).length === 0).toBe(isSame);
      }),
      { numRuns: 800 },
    );
    expect(Math.min(same, different)).toBeGreaterThan(20);
  });

  it("are promised in a preview without a throw", async () => {
    await fc.assert(
      fc.asyncProperty(unpinned(controller, EVERYTHING), unpinned(controller, EVERYTHING), async (olds, news) => {
        const [before, after] = await Promise.all(
          [olds, news].map((wire) => controller.check({ news: plain(wire) }, context())),
        );
        fc.pre(before!.failures.length === 0 && after!.failures.length === 0);
        await controller.create(after!.inputs, context());
        const oldOutputs = { ...before!.inputs, canonicalRef: "local/web", ref: "local/web:a", buildId: "tb_1" };
        const request = { id: "local/web", oldInputs: before!.inputs, oldOutputs, newInputs: after!.inputs };
        await controller.update(request, context());
        controller.diff(request);
      }),
    );
  });

  describe("over the engine's wire", { timeout: 60_000 }, () => {
    let plugin: PluginProcess;
    let dynamic: DynamicProviderProcess;
    beforeAll(async () => {
      const env = { NULLSPACE_API_KEY: "k", NULLSPACE_API_URL: "http://127.0.0.1:9" };
      [plugin, dynamic] = await Promise.all([
        PluginProcess.start({ cwd, env }),
        DynamicProviderProcess.start({ cwd, env }),
      ]);
      await Promise.all([plugin.configure({ maxRetries: "0" }), dynamic.configure({ "nullspace:maxRetries": "0" })]);
    }, 60_000);
    afterAll(async () => {
      await plugin?.[Symbol.asyncDispose]();
      await dynamic?.[Symbol.asyncDispose]();
    });

    it("are checked, compared and promised by the plugin, each changed input with its path", async () => {
      await fc.assert(
        fc.asyncProperty(unpinned(controller, EVERYTHING), unpinned(controller, EVERYTHING), async (olds, news) => {
          const before = await plugin.check(type, olds);
          const after = await plugin.check(type, news, before.inputs);
          const diff = await plugin.diff(type, olds, after.inputs ?? news);
          const paths = diff.detaileddiffMap.map(([path]) => /^[^.[]+/.exec(path)?.[0]);
          expect([...diff.diffsList].sort()).toEqual([...new Set(paths)].sort());
          expect(diff.changes).toBe(paths.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
          if (before.failures.length > 0 || after.failures.length > 0) return;
          await plugin.create(type, after.inputs, { preview: true });
          await plugin.update(
            type,
            { oldInputs: before.inputs, olds: before.inputs, news: after.inputs },
            { preview: true },
          );
        }),
        { numRuns: 60 },
      );
    });

    it("are checked and compared by the dynamic provider's process", async () => {
      const __provider = providerText(type);
      await fc.assert(
        fc.asyncProperty(unpinned(controller, EVERYTHING), unpinned(controller, EVERYTHING), async (olds, news) => {
          const [before, after] = [olds, news].map((wire) => ({ ...(wire as Properties), __provider }));
          const checked = await dynamic.check(after!, before!);
          await dynamic.diff(before!, checked.inputs);
        }),
        { numRuns: 60 },
      );
      // What it says of a build that is to come is no complaint.
      expect(dynamic.written.filter((line) => !line.includes("a new build, because of "))).toEqual([]);
    });
  });
});

function followedTag({ versionPolicy, trackTag, template }: Record<string, unknown>): unknown {
  if (trackTag === UNKNOWN) return Symbol("not another one");
  const [, inTemplate] = /:(?!tb_)(.+)$/.exec(typeof template === "string" ? template : "") ?? [];
  return trackTag ?? (versionPolicy === "track_tag" ? inTemplate : undefined);
}
