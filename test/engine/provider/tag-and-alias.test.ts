import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ownersOf } from "../../../provider/core/ownership/owner-tags.ts";
import type { Properties } from "../../../provider/core/properties.ts";
import { templateAliasController as alias } from "../../../provider/core/template-alias/controller.ts";
import { templateTagController as tag } from "../../../provider/core/template-tag/controller.ts";
import { templateController as template } from "../../../provider/core/template/controller.ts";
import {
  BuildGoneError,
  BuildNotReadyError,
  ForeignBuildError,
  NameTakenError,
  TagTakenError,
} from "../../../provider/errors.ts";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { isMarkTag } from "../../../sdk/wire/index.ts";
import { BASE_IMAGE, RunningService } from "../service/running-service.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { ProgramFolder } from "./program-folder.ts";

const URN = "urn:pulumi:dev::test::nullspace:index:Test::test";
/** The template that the tags and aliases are of. */
const TEMPLATE = "urn:pulumi:dev::test::nullspace:index:Template::web";
/** A resource of another stack. */
const STRANGER = "urn:pulumi:prod::test::nullspace:index:Test::test";

describe("tags and aliases on a real service", () => {
  let service: RunningService;
  let proxy: FaultProxy;
  let client: NullspaceClient;
  let program: ProgramFolder;
  let names = 0;
  let name: string;
  let ref: string;
  let first: string;

  beforeAll(async () => {
    service = await RunningService.start();
    proxy = await FaultProxy.start(service.url);
    client = new NullspaceClient({ apiKey: service.apiKey, baseUrl: service.url });
  });
  afterAll(async () => {
    await client?.close();
    await proxy?.[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    name = `web-${++names}`;
    ref = `local/${name}`;
    proxy.rule = () => undefined;
    program = new ProgramFolder({ apiKey: service.apiKey, apiUrl: proxy.url });
    program.write({ Dockerfile: `FROM ${BASE_IMAGE}\nCOPY hello.txt /hello.txt\n`, "hello.txt": "hello\n" });
    first = await build(name);
  });
  afterEach(() => program[Symbol.dispose]());

  async function build(of: string): Promise<string> {
    const inputs = await program.check(template, { name: of });
    return (await template.create(inputs, program.context({ urn: TEMPLATE }))).outputs.buildId as string;
  }

  async function buildAgain(): Promise<string> {
    const last = await template.read({ id: ref }, program.context({ urn: TEMPLATE }));
    program.write({ "hello.txt": `hello ${Math.random()}\n` });
    const newInputs = await program.check(template, { name });
    const request = {
      id: ref,
      oldInputs: { ...newInputs, contextHash: "other" },
      oldOutputs: last!.outputs,
      newInputs,
    };
    return (await template.update(request, program.context({ urn: TEMPLATE }))).buildId as string;
  }

  const tagsNow = async () =>
    Object.fromEntries(
      (await client.templates.listTags(ref))
        .filter(({ tag: each }) => !isMarkTag(each))
        .map(({ tag: each, build_id }) => [each, build_id]),
    );

  describe("a TemplateTag", () => {
    const createTag = async (buildId: string, more: Properties = {}) => {
      const inputs = await program.check(tag, { template: ref, tag: "stable", buildId, ...more });
      return { inputs, ...(await tag.create(inputs, program.context())) };
    };

    it("points at its build, and moves to another in one step", async () => {
      const made = await createTag(first);
      expect(made.id).toBe(`${ref}:stable`);
      expect(made.outputs).toMatchObject({ ref: `${ref}:stable`, templateId: expect.stringMatching(/^tmpl_/) });
      expect(made.outputs).not.toHaveProperty("previousBuildId");

      const second = await buildAgain();
      const newInputs = { ...made.inputs, buildId: second };
      const moved = await tag.update(
        { id: made.id, oldInputs: made.inputs, oldOutputs: made.outputs, newInputs },
        program.context(),
      );
      expect(moved).toMatchObject({ buildId: second, previousBuildId: first });
      expect(await tagsNow()).toMatchObject({ stable: second });
      // The same move once more, as after an interruption, keeps the way back.
      const again = await tag.update(
        { id: made.id, oldInputs: made.inputs, oldOutputs: moved, newInputs },
        program.context(),
      );
      expect(again.previousBuildId).toBe(first);
    });

    it("reads where the tag points now", async () => {
      const made = await createTag(first);
      const second = await buildAgain();
      await client.builds.promote(second, { tag: "stable" });
      const read = await tag.read(made, program.context());
      expect(read?.inputs).toEqual({ ...made.inputs, buildId: second });
      expect(read?.outputs).toMatchObject({ previousBuildId: first });
    });

    it("is imported by its ID alone", async () => {
      const made = await createTag(first);
      const read = await tag.read({ id: made.id }, program.context());
      expect(tag.diff({ oldInputs: read!.inputs, newInputs: made.inputs }).changes).toEqual([]);
    });

    it("refuses a build of another template, naming both", async () => {
      const other = await build(`${name}-other`);
      const error = await createTag(other).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ForeignBuildError);
      expect((error as Error).message).toContain(`a build of ${ref}-other, not of ${ref}`);
      const marks = await client.templates.listTags(`${ref}-other`);
      expect(marks.filter(({ tag: each }) => !isMarkTag(each))).toHaveLength(1);
    });

    it("says that a build is gone", async () => {
      const error = await createTag("tb_nosuchbuild").catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(BuildGoneError);
    });

    it("says that what a build made was deleted, by whatever name the template is given", async () => {
      await client.templates.delete(`${ref}:${first}`);
      const error = await createTag(first, { template: name }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(BuildGoneError);
      expect((error as Error).message).toMatch(/is gone: the artifact was deleted.*pulumi up --refresh/);
    });

    it("says that a build has failed", async () => {
      const { build_id } = await client.builds.start({ name, dockerfile: `FROM ${BASE_IMAGE}\nRUN false\n` });
      await client.builds.waitUntilTerminal(build_id);
      const error = await createTag(build_id).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(BuildNotReadyError);
      expect((error as Error).message).toContain(`build ${build_id} of ${ref} is "error"`);
    });

    it("that was moved by somebody else and is guarded says only that nothing was moved", async () => {
      const made = await createTag(first);
      const [second, byHand] = [await buildAgain(), await buildAgain()];
      await client.builds.promote(byHand, { tag: "stable" });
      const newInputs = { ...made.inputs, buildId: second, expectedBuildId: first };
      const request = { id: made.id, oldInputs: made.inputs, oldOutputs: made.outputs, newInputs };
      const error = await tag.update(request, program.context()).catch((caught: unknown) => caught);
      expect((error as Error).message).toMatch(/Nothing was moved.*set expectedBuildId to/);
      expect(program.messages.join("\n")).not.toContain("moved on");
      expect(await tagsNow()).toMatchObject({ stable: byHand });
    });

    it("is removed, and is gone to a reader", async () => {
      const made = await createTag(first);
      await tag.delete(made, program.context());
      expect(Object.keys(await tagsNow())).toEqual(["default"]);
      expect(await tag.read(made, program.context())).toBeUndefined();
      await tag.delete(made, program.context());
    });

    it("follows a rename of its template in place", async () => {
      const made = await createTag(first);
      await client.templates.rename(ref, `${name}-new`);
      const newInputs = { ...made.inputs, template: `${ref}-new` };
      const moved = await tag.update(
        { id: made.id, oldInputs: made.inputs, oldOutputs: made.outputs, newInputs },
        program.context(),
      );
      expect(moved).toMatchObject({ ref: `${ref}-new:stable`, buildId: first });
      expect(await tagsNow()).toMatchObject({ stable: first });
      await tag.delete({ id: made.id, inputs: newInputs, outputs: moved }, program.context());
      expect(await tagsNow()).toEqual({ default: first });
    });

    it("is made at another template before it is removed from its own", async () => {
      const other = await build(`${name}-other`);
      const made = await createTag(first);
      const newInputs = { ...made.inputs, template: `${ref}-other`, buildId: other };
      const moved = await tag.update(
        { id: made.id, oldInputs: made.inputs, oldOutputs: made.outputs, newInputs },
        program.context(),
      );
      expect(moved).toMatchObject({ ref: `${ref}-other:stable`, buildId: other });
      expect(await tagsNow()).toEqual({ default: first });
      expect(await client.templates.listTags(`${ref}-other`)).toContainEqual(
        expect.objectContaining({ tag: "stable", build_id: other }),
      );
    });

    it("is left to a resource of the stack that took it over, and goes with that one", async () => {
      const made = await createTag(first);
      const successor = program.context({ urn: `${URN}-renamed` });
      const taken = await tag.create(made.inputs, successor);
      expect(program.messages.join("\n")).toContain(`taking over ${ref}:stable`);
      await tag.delete(made, program.context());
      expect(await tagsNow()).toMatchObject({ stable: first });
      await tag.delete({ id: taken.id, inputs: made.inputs, outputs: taken.outputs }, successor);
      expect(await tagsNow()).toEqual({ default: first });
      // The template's own tag, its note of that, and the mark of its build.
      expect(await client.templates.listTags(ref)).toHaveLength(3);
    });

    it("is left to its own successor, made under the same name in the same run", async () => {
      const made = await createTag(first);
      program.declared.note(program.context().mark, made.inputs);
      await tag.create(made.inputs, program.context());
      await tag.delete(made, program.context());
      expect(await tagsNow()).toMatchObject({ stable: first });
    });

    it("does not take what is another's, and leaves it as it is", async () => {
      const second = await buildAgain();
      await client.builds.promote(first, { tag: "stable" });
      const byHand = await createTag(second).catch((caught: unknown) => caught);
      expect(byHand).toBeInstanceOf(TagTakenError);
      expect((byHand as Error).message).toMatch(
        /points at tb_\w+, and is not part of this stack.*adopt: true.*import.*aliases/,
      );
      expect(await tagsNow()).toMatchObject({ stable: first });
      await client.templates.removeTag(ref, "stable");

      // The very tag that this stack would make, and yet another stack's.
      const inputs = await program.check(tag, { template: ref, tag: "stable", buildId: first });
      await tag.create(inputs, program.context({ urn: STRANGER }));
      const ofStack = await createTag(first).catch((caught: unknown) => caught);
      expect((ofStack as Error).message).toContain("belongs to another Pulumi stack");
      const adopted = await createTag(second, { adopt: true });
      expect(await tagsNow()).toMatchObject({ stable: second });
      await tag.delete({ id: adopted.id, inputs, outputs: { buildId: first } }, program.context({ urn: STRANGER }));
      expect(await tagsNow()).toMatchObject({ stable: second });
    });

    it("is one stack's when two make it at the same moment", async () => {
      const second = await buildAgain();
      const made = await Promise.allSettled(
        [
          { urn: URN, buildId: first },
          { urn: STRANGER, buildId: second },
        ].map(async ({ urn, buildId }) => {
          const inputs = await program.check(tag, { template: ref, tag: "stable", buildId });
          return tag.create(inputs, program.context({ urn }));
        }),
      );
      const [winner, ...others] = made.filter(({ status }) => status === "fulfilled");
      expect(others).toEqual([]);
      expect(await tagsNow()).toMatchObject({
        stable: (winner as PromiseFulfilledResult<{ outputs: Properties }>).value.outputs.buildId,
      });
      expect(ownersOf(await client.templates.listTags(ref), "tag", "stable")).toHaveLength(1);
    });

    it("is left, with a warning, once somebody else has moved it", async () => {
      const made = await createTag(first);
      const second = await buildAgain();
      await client.builds.promote(second, { tag: "stable" });
      await tag.delete(made, program.context());
      expect(program.messages.join("\n")).toContain(
        `warning: ${ref}:stable is left in place: somebody else moved it from ${first} to ${second}`,
      );
      expect(await tagsNow()).toMatchObject({ stable: second });
    });

    it("says when it overrules a move of somebody else", async () => {
      const made = await createTag(first);
      const hotfix = await buildAgain();
      await client.builds.promote(hotfix, { tag: "stable" });
      const third = await buildAgain();
      const newInputs = { ...made.inputs, buildId: third };
      await tag.update({ id: made.id, oldInputs: made.inputs, oldOutputs: made.outputs, newInputs }, program.context());
      expect(program.messages.join("\n")).toContain(`somebody else moved ${ref}:stable from ${first} to ${hotfix}`);
    });

    it("says which form an ID has", async () => {
      await expect(tag.read({ id: ref }, program.context())).rejects.toThrow(
        `"${ref}" is not the ID of a TemplateTag: it is namespace/name:tag`,
      );
    });
  });

  describe("a TemplateAlias", () => {
    const createAlias = async (text: string, more: Properties = {}) => {
      const inputs = await program.check(alias, { template: ref, alias: text, ...more });
      return { inputs, ...(await alias.create(inputs, program.context())) };
    };
    const canonical = async (of: string) => (await client.templates.get(of)).canonical_ref;

    it("resolves to the template, which keeps its name", async () => {
      const made = await createAlias(`${name}-site`);
      expect(made).toMatchObject({ id: `${ref}-site`, outputs: { aliasRef: `${ref}-site`, canonicalRef: ref } });
      expect(await canonical(`${ref}-site`)).toBe(ref);
      expect(await alias.read(made, program.context())).toEqual({
        id: made.id,
        inputs: made.inputs,
        outputs: made.outputs,
      });
    });

    it("takes over an alias that the template has already", async () => {
      await client.templates.rename(ref, `${name}-new`);
      const made = await createAlias(name, { template: `${ref}-new` });
      expect(made.id).toBe(ref);
      expect(await canonical(ref)).toBe(`${ref}-new`);
    });

    it("finishes what a stop between the two renames left", async () => {
      let renames = 0;
      proxy.rule = (method, path) => (path.endsWith("/rename") && ++renames >= 2 ? "lose-request" : undefined);
      await expect(createAlias(`${name}-site`)).rejects.toThrow();
      expect(await canonical(ref)).toBe(`${ref}-site`);

      proxy.rule = () => undefined;
      const made = await createAlias(`${name}-site`);
      expect(made.id).toBe(`${ref}-site`);
      expect(await canonical(`${ref}-site`)).toBe(ref);
    });

    it("does not take another template's name or alias, and names the template that has it", async () => {
      await build(`${name}-other`);
      for (const wanted of [`${name}-other`, `${name}-former`]) {
        if (wanted.endsWith("-former")) await client.templates.rename(`${ref}-other`, `${name}-now`);
        const error = await createAlias(wanted.endsWith("-former") ? `${name}-other` : wanted).catch(
          (caught: unknown) => caught,
        );
        expect(error).toBeInstanceOf(NameTakenError);
        expect((error as Error).message).toMatch(/belongs to local\/web-\d+-(other|now)/);
      }
      expect(await canonical(ref)).toBe(ref);
    });

    it("refuses the template's own name", async () => {
      const error = await createAlias(name).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(NameTakenError);
      expect((error as Error).message).toContain("choose another alias");
    });

    it("is imported by its ID alone", async () => {
      const made = await createAlias(`${name}-site`);
      const read = await alias.read({ id: made.id }, program.context());
      expect(alias.diff({ oldInputs: read!.inputs, newInputs: made.inputs }).changes).toEqual([]);
    });

    it("follows a rename of its template without a difference", async () => {
      const made = await createAlias(`${name}-site`);
      await client.templates.rename(ref, `${name}-new`);
      const read = await alias.read(made, program.context());
      expect(read?.inputs).toEqual(made.inputs);
      expect(read?.outputs.canonicalRef).toBe(`${ref}-new`);
    });

    it("moves to another template in place", async () => {
      await build(`${name}-other`);
      const made = await createAlias(`${name}-site`);
      const newInputs = { ...made.inputs, template: `${ref}-other` };
      const moved = await alias.update(
        { id: made.id, oldInputs: made.inputs, oldOutputs: made.outputs, newInputs },
        program.context(),
      );
      expect(moved).toMatchObject({ aliasRef: `${ref}-site`, canonicalRef: `${ref}-other` });
      expect(await canonical(`${ref}-site`)).toBe(`${ref}-other`);
      expect((await client.templates.listTags(ref)).some(({ tag: each }) => /\.a\./.test(each))).toBe(false);
    });

    it("is left to a resource of the stack that took it over, and goes with that one", async () => {
      const made = await createAlias(`${name}-site`);
      const successor = program.context({ urn: `${URN}-renamed` });
      const taken = await alias.create(made.inputs, successor);
      await alias.delete(made, program.context());
      expect(await canonical(`${ref}-site`)).toBe(ref);
      await alias.delete({ id: taken.id, inputs: made.inputs, outputs: taken.outputs }, successor);
      expect(await client.templates.exists(`${ref}-site`)).toBe(false);
    });

    it("is one stack's: another is refused unless it adopts it", async () => {
      const inputs = await program.check(alias, { template: ref, alias: `${name}-site` });
      const made = await alias.create(inputs, program.context({ urn: STRANGER }));
      const error = await createAlias(`${name}-site`).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(NameTakenError);
      expect((error as Error).message).toMatch(/which belongs to another Pulumi stack.*adopt: true/);
      await createAlias(`${name}-site`, { adopt: true });
      await alias.delete({ id: made.id, inputs, outputs: made.outputs }, program.context({ urn: STRANGER }));
      expect(await canonical(`${ref}-site`)).toBe(ref);
    });

    it("is one stack's when two make it at the same moment", async () => {
      const inputs = await program.check(alias, { template: ref, alias: `${name}-site` });
      const made = await Promise.allSettled(
        [URN, STRANGER].map((urn) => alias.create(inputs, program.context({ urn }))),
      );
      expect(made.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(await canonical(`${ref}-site`)).toBe(ref);
    });

    it("leaves the template its own name when another one is being made", async () => {
      let renames = 0;
      proxy.rule = (method, path) => (path.endsWith("/rename") && ++renames >= 2 ? "lose-request" : undefined);
      await expect(createAlias(`${name}-first`)).rejects.toThrow();
      proxy.rule = () => undefined;
      // As anybody sees it between the two renames: the template goes by the first alias.
      const second = createAlias(`${name}-second`);
      await setTimeout(100);
      await client.templates.rename(ref, name);
      expect((await second).outputs.canonicalRef).toBe(ref);
      expect(await canonical(`${ref}-second`)).toBe(ref);
    });

    it("keeps no old build of its template", async () => {
      await createAlias(`${name}-site`);
      const second = await buildAgain();
      expect(await client.templates.listTags(ref)).toContainEqual(
        expect.objectContaining({ tag: expect.stringMatching(/\.a\./), build_id: second }),
      );
    });

    it("is removed, and is gone to a reader", async () => {
      const made = await createAlias(`${name}-site`);
      await alias.delete(made, program.context());
      expect(await client.templates.exists(`${ref}-site`)).toBe(false);
      expect(await canonical(ref)).toBe(ref);
      expect(await alias.read(made, program.context())).toBeUndefined();
      await alias.delete(made, program.context());
    });
  });
});
