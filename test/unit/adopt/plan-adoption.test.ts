import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  planAdoption,
  renderImportFile,
  renderProgram,
  SHELLS,
  type Found,
  type FoundTemplate,
} from "../../../provider/adopt/index.ts";
import { readProgram } from "./program-values.ts";
import { foundTemplate, poolInputs, SAMPLE } from "./sample-found.ts";

describe("the program of what was found", () => {
  it.each(SHELLS)("is this one in the %s shell", async (shell) => {
    const adoption = planAdoption(SAMPLE, shell);
    await expect(renderProgram(adoption)).toMatchFileSnapshot(`golden/${shell}.ts.txt`);
    readProgram(renderProgram(adoption));
  });

  it("has an entry in the import file for each resource, by its type, name and id", async () => {
    const adoption = planAdoption(SAMPLE, "plugin");
    const file = renderImportFile(adoption);
    await expect(file).toMatchFileSnapshot("golden/import.json.txt");
    const declared = readProgram(renderProgram(adoption)).map(({ type, name }) => ({
      type: `nullspace:index:${type}`,
      name,
    }));
    expect(JSON.parse(file)).toMatchObject({ nameTable: {}, resources: declared });
  });

  it("is a program of nothing when there is nothing", () => {
    expect(readProgram(renderProgram(planAdoption({ templates: [], pools: [] }, "plugin")))).toEqual([]);
  });

  // Whatever a service may answer: the grammar of names keeps most of it away, and nothing relies on that.
  const wild = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom(
      "__proto__",
      "constructor",
      '"',
      "\\",
      "`${x}`",
      "*/",
      "// @ts-nocheck",
      "\u2028",
      "\r\n",
      "\ud800",
      "",
    ),
  );
  // As it comes over the wire: the text of -0 is 0.
  const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as typeof value);
  const bag = (value: fc.Arbitrary<unknown>) => fc.dictionary(wild, value, { maxKeys: 3, noNullPrototype: true });
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,8}$/).filter((text) => !/^(tb_|tmpl_)/.test(text));

  const template: fc.Arbitrary<FoundTemplate> = fc
    .record({
      name,
      startCmd: wild,
      user: wild,
      command: wild,
      env: fc.array(wild, { maxLength: 3 }),
      tag: wild,
      build: wild,
      alias: wild,
      hash: wild,
      sourceType: wild,
      owner: fc.option(wild, { nil: undefined }),
    })
    .map(({ name: one, startCmd, user, command, env, tag, build, alias, hash, sourceType, owner }) =>
      foundTemplate(one, {
        inputs: { name: one, contextHash: hash, startCmd, user, readiness: { kind: "command", command } },
        envKeys: env,
        sourceType,
        tags: [
          { tag, buildId: build },
          { tag: "other", buildId: `tb_${one}` },
        ],
        aliases: [{ aliasRef: `acme/${alias}`, alias }],
        ...(owner !== undefined && { owner }),
      }),
    );
  const pool = fc
    .record({ id: wild, name: wild, template: fc.oneof(wild, name), labels: bag(wild), metadata: bag(json) })
    .map(({ id, name: one, template: ref, labels, metadata }) => ({
      id,
      name: one,
      inputs: poolInputs({ id, name: one, template_ref: ref, labels, metadata }),
    }));
  const found: fc.Arbitrary<Found> = fc.record({
    namespace: fc.constant("acme"),
    templates: fc.uniqueArray(template, { maxLength: 4, selector: ({ ref }) => ref }),
    pools: fc.array(pool, { maxLength: 3 }),
  });

  it("parses, and holds every text exactly, whatever is in it", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(found, fc.constantFrom(...SHELLS), (things, shell) => {
        const adoption = planAdoption(things, shell);
        const text = renderProgram(adoption);
        const declared = readProgram(text);
        expect(text).not.toMatch(/[\u2028\u2029\u202a-\u202e]|^\s*\/\/\s*@|\r/m);
        const names = declared.map(({ name: one }) => one);
        expect(new Set(names).size).toBe(names.length);
        const constants = declared.flatMap(({ variable }) => variable ?? []);
        expect(new Set(constants).size).toBe(constants.length);
        const of = (type: string) => declared.filter((one) => one.type === type).map(({ inputs }) => inputs);
        expect(of("Template").map(({ startCmd, user, readiness }) => ({ startCmd, user, readiness }))).toEqual(
          things.templates.map(({ inputs: { startCmd, user, readiness } }) => ({ startCmd, user, readiness })),
        );
        expect(of("Template").map(({ env = {} }) => Object.keys(env as object).sort())).toEqual(
          things.templates.map(({ envKeys }) => [...new Set(envKeys)].sort()),
        );
        expect(of("TemplateAlias").map(({ alias }) => alias)).toEqual(
          things.templates.flatMap(({ aliases }) => aliases.map(({ alias }) => alias)),
        );
        expect(of("WarmPool").map(({ name: one, labels, metadata }) => ({ name: one, labels, metadata }))).toEqual(
          things.pools.map(({ inputs: { name: one, labels, metadata } }) => ({ name: one, labels, metadata })),
        );
        const file = JSON.parse(renderImportFile(adoption)) as { resources: { name: string; id: string }[] };
        expect(file.resources.map(({ name: one }) => one)).toEqual(names);
      }),
      { numRuns: 300 },
    );
  });
});
