import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Properties } from "../../../provider/core/controller.ts";
import { templateAliasController as alias } from "../../../provider/core/template-alias/controller.ts";
import { templateTagController as tag } from "../../../provider/core/template-tag/controller.ts";
import { templateController as template } from "../../../provider/core/template/controller.ts";
import { BuildGoneError, ForeignBuildError, NameTakenError } from "../../../provider/errors.ts";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { BASE_IMAGE, RunningService } from "../service/running-service.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { ProgramFolder } from "./program-folder.ts";

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
    return (await template.create(inputs, program.context())).outputs.buildId as string;
  }

  async function buildAgain(): Promise<string> {
    const last = await template.read({ id: ref }, program.context());
    program.write({ "hello.txt": `hello ${Math.random()}\n` });
    const newInputs = await program.check(template, { name });
    const request = {
      id: ref,
      oldInputs: { ...newInputs, contextHash: "other" },
      oldOutputs: last!.outputs,
      newInputs,
    };
    return (await template.update(request, program.context())).buildId as string;
  }

  const tagsNow = async () =>
    Object.fromEntries((await client.templates.listTags(ref)).map(({ tag: each, build_id }) => [each, build_id]));

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
      expect(await client.templates.listTags(`${ref}-other`)).toHaveLength(1);
    });

    it("says that a build is gone", async () => {
      const error = await createTag("tb_nosuchbuild").catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(BuildGoneError);
    });

    it("is removed, and is gone to a reader", async () => {
      const made = await createTag(first);
      await tag.delete(made, program.context());
      expect(Object.keys(await tagsNow())).toEqual(["default"]);
      expect(await tag.read(made, program.context())).toBeUndefined();
      await tag.delete(made, program.context());
    });

    it("survives the replacement that a renamed template brings", async () => {
      const made = await createTag(first);
      await client.templates.rename(ref, `${name}-new`);
      const successor = await createTag(first, { template: `${ref}-new` });
      expect(successor.id).toBe(`${ref}-new:stable`);
      await tag.delete(made, program.context());
      expect(await tagsNow()).toMatchObject({ stable: first });
      expect(program.messages.join("\n")).toContain(`${ref} is called ${ref}-new now`);
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
      proxy.rule = (method, path) => (path.endsWith("/rename") && ++renames === 2 ? "lose-request" : undefined);
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
