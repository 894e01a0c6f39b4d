import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Properties } from "../../../provider/core/properties.ts";
import { templateTagController as templateTag } from "../../../provider/core/template-tag/controller.ts";
import { templateController as template } from "../../../provider/core/template/controller.ts";
import { NameTakenError, NotOwnedError, PartialFailureError } from "../../../provider/errors.ts";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { isMarkTag } from "../../../sdk/wire/index.ts";
import { BASE_IMAGE, RunningService } from "../service/running-service.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { ProgramFolder } from "./program-folder.ts";

const DOCKERFILE = `FROM ${BASE_IMAGE}\nCOPY hello.txt /hello.txt\n`;
/** A build that lasts until it is stopped, or until a test has long failed. */
const SLOW = `${DOCKERFILE}RUN sleep 100\n`;

describe("a Template on a real service", () => {
  let service: RunningService;
  let proxy: FaultProxy;
  let client: NullspaceClient;
  let program: ProgramFolder;
  let names = 0;
  let name: string;

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
  beforeEach(() => {
    name = `web-${++names}`;
    proxy.rule = () => undefined;
    proxy.seen.length = 0;
    program = new ProgramFolder({ apiKey: service.apiKey, apiUrl: proxy.url });
    program.write({ Dockerfile: DOCKERFILE, "hello.txt": "hello\n" });
  });
  afterEach(() => program[Symbol.dispose]());

  const builds = async (ref = `local/${name}`) => (await client.builds.list(ref)).builds;
  const tags = async () =>
    Object.fromEntries(
      (await client.templates.listTags(`local/${name}`))
        .filter(({ tag }) => !isMarkTag(tag))
        .map(({ tag, build_id }) => [tag, build_id]),
    );

  async function create(more: Properties = {}) {
    const inputs = await program.check(template, { name, ...more });
    return { inputs, ...(await template.create(inputs, program.context())) };
  }

  async function update(
    last: { id: string; inputs: Properties; outputs: Properties },
    more: Properties,
    options: Parameters<ProgramFolder["context"]>[0] = {},
  ) {
    const inputs = await program.check(template, { name, ...more }, last.inputs);
    const request = { id: last.id, oldInputs: last.inputs, oldOutputs: last.outputs, newInputs: inputs };
    return { id: last.id, inputs, outputs: await template.update(request, program.context(options)) };
  }

  /** What the engine keeps of a create that failed half-way: the new inputs, and what the error carries. */
  async function failingCreate(more: Properties, options: Parameters<ProgramFolder["context"]>[0] = {}) {
    const inputs = await program.check(template, { name, ...more });
    const error = await template.create(inputs, program.context(options)).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    if (!(error instanceof PartialFailureError)) throw new Error("no partial failure", { cause: error });
    return { inputs, id: error.id, outputs: error.outputs as Properties, reasons: error.reasons.join("\n") };
  }

  it("is built, named and tagged", async () => {
    const { id, outputs, inputs } = await create({ tags: ["default", "v1"], visibility: "public" });
    expect(id).toBe(`local/${name}`);
    expect(outputs).toMatchObject({
      name,
      canonicalRef: `local/${name}`,
      namespace: "local",
      status: "ready",
      buildId: expect.stringMatching(/^tb_/),
      templateId: expect.stringMatching(/^tmpl_/),
      contextHash: inputs.contextHash,
    });
    expect(outputs).not.toHaveProperty("attempt");
    expect(await tags()).toEqual({ default: outputs.buildId, v1: outputs.buildId });
    expect(await client.templates.get(`local/${name}`)).toMatchObject({ visibility: "public" });
  });

  it("calls nobody in a preview", async () => {
    const inputs = await program.check(template, { name });
    expect(await template.create(inputs, program.context({ preview: true }))).toEqual({ id: "", outputs: inputs });
    expect(proxy.seen).toEqual([]);
  });

  it("passes build secrets, and shows them nowhere", async () => {
    program.write({
      Dockerfile: `${DOCKERFILE}RUN --mount=type=secret,id=token cat /run/secrets/token\n`,
    });
    const { outputs } = await create({ buildSecrets: { token: "hunter2-is-secret" } });
    expect(outputs.status).toBe("ready");
    expect(program.messages.join("\n")).not.toContain("hunter2-is-secret");
  });

  it("finds its own build when the answer to its start is lost", async () => {
    proxy.once("lose-answer", "POST", /\/v1\/templates\/builds$/);
    const { outputs } = await create();
    expect(outputs.status).toBe("ready");
    expect(await builds()).toMatchObject([{ build_id: outputs.buildId }]);
  });

  it("starts again when the request itself was lost", async () => {
    proxy.once("lose-request", "POST", /\/v1\/templates\/builds$/);
    const { outputs } = await create();
    expect(await builds()).toMatchObject([{ build_id: outputs.buildId }]);
  });

  it("does not take another's template of that name", async () => {
    await create();
    const before = await builds();
    const inputs = await program.check(template, { name });
    for (const [urn, owner] of [
      ["urn:pulumi:prod::test::nullspace:index:Template::web", "belongs to another Pulumi stack"],
      ["urn:pulumi:dev::test::nullspace:index:Template::renamed", "belongs to another resource of this stack"],
    ] as const) {
      const error = await template.create(inputs, program.context({ urn })).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(NameTakenError);
      expect((error as Error).message).toMatch(
        new RegExp(
          `local/${name} exists already, and ${owner}.*adopt: true.*pulumi import nullspace:index:Template.*aliases`,
        ),
      );
    }
    expect(await builds()).toEqual(before);
  });

  it("is adopted with everything that it has, and its former owner leaves it alone", async () => {
    const first = await create({ tags: ["default", "theirs"] });
    const urn = "urn:pulumi:prod::test::nullspace:index:Template::web";
    program.write({ "hello.txt": "adopted\n" });
    const inputs = await program.check(template, { name, adopt: true });
    const adopted = await template.create(inputs, program.context({ urn }));
    expect(adopted.id).toBe(`local/${name}`);
    expect(adopted.outputs.buildId).not.toBe(first.outputs.buildId);
    expect(await tags()).toEqual({ default: adopted.outputs.buildId, theirs: first.outputs.buildId });

    const error = await update(first, { vcpus: 1 }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(NotOwnedError);
    expect((error as Error).message).toMatch(/was adopted, and belongs to another Pulumi stack now.*state delete/);
    await template.delete(first, program.context());
    expect(program.messages.join("\n")).toContain("is left in place: another resource has adopted it");
    expect(await tags()).toMatchObject({ default: adopted.outputs.buildId });
    await template.delete({ id: adopted.id, inputs, outputs: adopted.outputs }, program.context({ urn }));
    expect(await client.templates.exists(`local/${name}`)).toBe(false);
  });

  it("is not deleted under a tag of another stack, which it names", async () => {
    const first = await create();
    const urn = "urn:pulumi:prod::test::nullspace:index:TemplateTag::tag";
    const inputs = { template: `local/${name}`, tag: "prod", buildId: first.outputs.buildId, adopt: false };
    const made = await templateTag.create(inputs, program.context({ urn }));
    const error = await template.delete(first, program.context()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(NotOwnedError);
    expect((error as Error).message).toMatch(/another Pulumi stack needs its tag "prod" \(tb_\w+\)/);
    await templateTag.delete({ id: made.id, inputs, outputs: made.outputs }, program.context({ urn }));
    await template.delete(first, program.context());
    expect(await client.templates.exists(`local/${name}`)).toBe(false);
  });

  it("says which tags go with it that no Pulumi resource has made", async () => {
    const first = await create();
    await client.builds.promote(first.outputs.buildId as string, { tag: "by-hand" });
    await template.delete(first, program.context());
    expect(program.messages.join("\n")).toContain(
      `warning: template local/${name} is deleted with its tag "by-hand" (${String(first.outputs.buildId)})`,
    );
    expect(program.messages.join("\n")).not.toContain('"default"');
    expect(await client.templates.exists(`local/${name}`)).toBe(false);
  });

  it("whose build was deleted at the service is built again, by a refresh and an update, or by any update", async () => {
    const first = await create();
    const deleted = async (buildId: unknown) => client.templates.delete(`local/${name}:${String(buildId)}`);
    await deleted(first.outputs.buildId);
    const read = await template.read(first, program.context());
    const newInputs = await program.check(template, { name }, read!.inputs);
    expect(template.diff({ oldInputs: read!.inputs!, newInputs }).changes).toContainEqual(
      expect.objectContaining({ path: ["contextHash"] }),
    );
    const refreshed = { id: first.id, inputs: read!.inputs!, outputs: read!.outputs };
    const second = await update(refreshed, {});
    expect(second.outputs.buildId).not.toBe(first.outputs.buildId);
    expect(await tags()).toEqual({ default: second.outputs.buildId });

    await deleted(second.outputs.buildId);
    const third = await update(second, { tags: ["default", "v3"] });
    expect(program.messages.join("\n")).toContain(
      `build ${String(second.outputs.buildId)} of local/${name} was deleted at the service: it is built again`,
    );
    expect(third.outputs.buildId).not.toBe(second.outputs.buildId);
    expect(await tags()).toEqual({ default: third.outputs.buildId, v3: third.outputs.buildId });
    expect(third.outputs.contextHash).toBe(first.outputs.contextHash);
  });

  it("whose image was removed from the engine is built again, by a refresh and an update, or by any update", async () => {
    const engine = new DockerEngine();
    const remove = async ({ buildId, templateId }: Properties) => {
      await engine.images.remove(`nullspace-local/${String(templateId)}`);
      await expect
        .poll(async () => (await client.builds.get(String(buildId))).build.promotability?.status, { timeout: 10_000 })
        .toBe("unavailable");
    };
    program.write({ Dockerfile: `${DOCKERFILE}RUN echo ${Math.random()} > /made\n`, "hello.txt": "hello\n" });
    const first = await create();
    await remove(first.outputs);
    const read = await template.read(first, program.context());
    const newInputs = await program.check(template, { name }, read!.inputs);
    expect(template.diff({ oldInputs: read!.inputs!, newInputs }).changes).toContainEqual(
      expect.objectContaining({ path: ["contextHash"] }),
    );
    const second = await update({ id: first.id, inputs: read!.inputs!, outputs: read!.outputs }, {});
    expect(second.outputs.buildId).not.toBe(first.outputs.buildId);
    expect(await tags()).toEqual({ default: second.outputs.buildId });

    await remove(second.outputs);
    const third = await update(second, { tags: ["default", "v3"] });
    expect(program.messages.join("\n")).toContain(
      `build ${String(second.outputs.buildId)} of local/${name} is not available at the service any more ` +
        "(its image is no longer there): it is built again",
    );
    expect(await tags()).toEqual({ default: third.outputs.buildId, v3: third.outputs.buildId });
    await engine.close();
  });

  it("is left in place when it was deleted and made again by somebody else", async () => {
    const first = await create();
    await client.templates.delete(`local/${name}`);
    const again = await client.builds.start({ name, dockerfile: `FROM ${BASE_IMAGE}\n` });
    await client.builds.waitUntilTerminal(again.build_id);
    await template.delete(first, program.context());
    expect(program.messages.join("\n")).toContain("is left in place: it is a newer template of that name");
    expect(await client.templates.exists(`local/${name}`)).toBe(true);
  });

  it("is one stack's when two make it at the same moment, and the other leaves nothing", async () => {
    const inputs = await program.check(template, { name });
    const made = await Promise.allSettled(
      ["dev", "prod"].map((stack) =>
        template.create(inputs, program.context({ urn: `urn:pulumi:${stack}::test::nullspace:index:Template::web` })),
      ),
    );
    const [winner, ...others] = made.filter(({ status }) => status === "fulfilled") as PromiseFulfilledResult<{
      outputs: Properties;
    }>[];
    expect(others).toEqual([]);
    expect(await tags()).toEqual({ default: winner!.value.outputs.buildId });
    const left = (await client.templates.listTags(`local/${name}`)).filter(({ tag }) => isMarkTag(tag));
    // The mark of its build, and the note of whose its tag is.
    expect(left).toHaveLength(2);
    for (const { build_id, status } of await builds()) {
      expect([build_id === winner!.value.outputs.buildId, status]).toEqual(
        build_id === winner!.value.outputs.buildId
          ? [true, "ready"]
          : [false, expect.stringMatching(/cancelled|ready/)],
      );
    }
  });

  it("gives the name back when nothing was made", async () => {
    proxy.rule = (method, path) => (method === "POST" && path.endsWith("/preflight") ? "lose-request" : undefined);
    await expect(create()).rejects.toThrow();
    expect(proxy.seen.at(-1)).toMatch(/^DELETE \/v1\/templates\/claims\//);
    proxy.rule = () => undefined;
    expect((await create()).outputs.status).toBe("ready");
  });

  it("is kept when its build fails, with the step and the last lines, and is built again after the mend", async () => {
    program.write({ Dockerfile: `${DOCKERFILE}RUN echo before-the-end && false\n` });
    const failed = await failingCreate({});
    expect(failed.id).toBe(`local/${name}`);
    expect(failed.reasons).toMatch(/build tb_\S+ of local\/web-\d+ failed \(.*step/);
    expect(failed.reasons).toContain("before-the-end");
    expect(failed.reasons).toContain("run pulumi up again");
    expect(failed.outputs).toMatchObject({ status: "error", attempt: { buildId: expect.stringMatching(/^tb_/) } });
    expect(failed.outputs).not.toHaveProperty("buildId");

    // A refresh in between keeps it, although the service knows no artifact of it.
    const read = await template.read(failed, program.context());
    expect(read?.id).toBe(failed.id);

    program.write({ Dockerfile: DOCKERFILE });
    const mended = await update({ ...failed, outputs: read!.outputs }, {});
    expect(mended.outputs).toMatchObject({ status: "ready", buildId: expect.stringMatching(/^tb_/) });
    expect(mended.outputs).not.toHaveProperty("attempt");
  });

  it("builds a failed definition again", async () => {
    program.write({ Dockerfile: `${DOCKERFILE}RUN false\n` });
    const failed = await failingCreate({});
    const again = await update(failed, {}).catch((error: unknown) => error);
    expect(again).toBeInstanceOf(PartialFailureError);
    expect(await builds()).toHaveLength(2);
  });

  it("goes on with a build that it was stopped in", async () => {
    program.write({ Dockerfile: `${DOCKERFILE}RUN sleep 3\n` });
    const stop = new AbortController();
    const failed = await failingCreate(
      {},
      { signal: stop.signal, log: (_severity, message) => message.includes("started") && stop.abort() },
    );
    expect(failed.reasons).toMatch(/build tb_\S+ of local\/web-\d+: stopped by the user: run the same command again/);
    const resumed = await update(failed, {});
    expect(await builds()).toMatchObject([{ build_id: resumed.outputs.buildId }]);
  });

  it("says how to give a build more time, and goes on with it", async () => {
    program.write({ Dockerfile: SLOW });
    const failed = await failingCreate({}, { timeoutMs: 5000 });
    expect(failed.reasons).toContain('customTimeouts: { create: "60m" }');
    const { attempt } = failed.outputs as { attempt: { buildId: string } };
    // Another definition: the build that nobody waits for any more is stopped.
    program.write({ Dockerfile: DOCKERFILE });
    const { outputs } = await update(failed, {});
    expect(outputs.buildId).not.toBe(attempt.buildId);
    expect((await client.builds.get(attempt.buildId)).build.status).toBe("cancelled");
    expect(await tags()).toEqual({ default: outputs.buildId });
  });

  it("keeps the last good build live when the next one fails", async () => {
    const first = await create();
    program.write({ Dockerfile: `${DOCKERFILE}RUN false\n` });
    const error = (await update(first, {}).catch((caught: unknown) => caught)) as PartialFailureError;
    expect(error).toBeInstanceOf(PartialFailureError);
    expect(error.outputs).toMatchObject({ buildId: first.outputs.buildId, status: "error" });
    expect(error.outputs.contextHash).toBe(first.inputs.contextHash);
    expect(error.reasons.join("\n")).toContain(`build ${first.outputs.buildId as string} stays live`);
    expect(await tags()).toEqual({ default: first.outputs.buildId });

    // Back to what is live: nothing is built.
    program.write({ Dockerfile: DOCKERFILE });
    const before = (await builds()).length;
    const back = await update({ ...first, outputs: error.outputs as Properties }, {});
    expect(back.outputs).toMatchObject({ buildId: first.outputs.buildId, status: "ready" });
    expect(back.outputs).not.toHaveProperty("attempt");
    expect(await builds()).toHaveLength(before);
  });

  it("builds a change once and moves its tags", async () => {
    const first = await create();
    program.write({ "hello.txt": "changed\n" });
    const second = await update(first, {});
    expect(second.outputs.buildId).not.toBe(first.outputs.buildId);
    expect(await builds()).toHaveLength(2);
    expect(await tags()).toEqual({ default: second.outputs.buildId });
  });

  it("moves tags without a build, and leaves those that others moved", async () => {
    const first = await create({ tags: ["default", "old", "theirs"] });
    program.write({ "hello.txt": "changed\n" });
    const second = await update(first, { tags: ["default", "old", "theirs"] });
    await client.builds.promote(first.outputs.buildId as string, { tag: "mine" });
    const third = await update(second, { tags: ["default", "new", "theirs"] });
    expect(third.outputs.buildId).toBe(second.outputs.buildId);
    expect(await builds()).toHaveLength(2);
    expect(await tags()).toEqual({
      default: second.outputs.buildId,
      new: second.outputs.buildId,
      theirs: second.outputs.buildId,
      mine: first.outputs.buildId,
    });
  });

  it("leaves a tag that a warm pool follows until none does, and says so", async () => {
    const first = await create({ tags: ["default", "old"] });
    const settings = {
      name,
      template_ref: `${name}:old`,
      version_policy: "track_tag",
      min_ready: 0,
      max_ready: 1,
    } as const;
    const pool = await client.warmPools.create({ ...settings, resources: { vcpus: 1, memory_mb: 64 } });
    const second = await update(first, { tags: ["default"] });
    expect(Object.keys(await tags())).toEqual(["default", "old"]);
    expect(program.messages.join("\n")).toMatch(
      /warning: the tag old of local\/web-\d+ stays for now: .*is followed by warm pool .* The next update of the template removes it/,
    );
    await client.warmPools.update(pool.id, { track_tag: "default" });
    await update(second, { tags: ["default", "new"] });
    expect(Object.keys(await tags())).toEqual(["default", "new"]);
    await client.warmPools.delete(pool.id);
  });

  it("is renamed in place, there and back", async () => {
    const first = await create();
    const other = `${name}-renamed`;
    const renamed = await update(first, { name: other });
    expect(renamed.outputs).toMatchObject({ canonicalRef: `local/${other}`, buildId: first.outputs.buildId });
    expect(await client.templates.get(`local/${name}`)).toMatchObject({ canonical_ref: `local/${other}` });
    const back = await update(renamed, { name });
    expect(back.outputs.canonicalRef).toBe(`local/${name}`);
    expect(await builds()).toHaveLength(1);
  });

  it("does not take another's name in a rename", async () => {
    const first = await create();
    const holder = name;
    name = `web-${++names}`;
    const second = await create();
    const error = await update(second, { name: holder }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(NameTakenError);
    expect((error as Error).message).toContain(`cannot rename local/${name} to local/${holder}`);
    expect(first.id).toBe(`local/${holder}`);
  });

  it("is shown to others and hidden again", async () => {
    const first = await create();
    const shown = await update(first, { visibility: "public" });
    expect(await client.templates.get(`local/${name}`)).toMatchObject({ visibility: "public" });
    await update(shown, {});
    expect(await client.templates.get(`local/${name}`)).toMatchObject({ visibility: "private" });
  });

  it("reads what others changed as a difference of its inputs", async () => {
    const first = await create({ tags: ["default", "v1"] });
    expect(await template.read(first, program.context())).toEqual({
      id: first.id,
      inputs: first.inputs,
      outputs: first.outputs,
    });
    await client.templates.setVisibility(first.id, "public");
    await client.templates.removeTag(first.id, "v1");
    const read = await template.read(first, program.context());
    expect(read?.inputs).toMatchObject({ visibility: "public", tags: ["default"] });
    const { changes } = template.diff({ oldInputs: read!.inputs, newInputs: first.inputs });
    expect(changes.map(({ path }) => path.join("."))).toEqual(["tags", "visibility"]);
  });

  it("is imported by its ID alone, and then equals a program that describes it", async () => {
    const more = { user: "nobody", workdir: "/tmp", vcpus: 1, memoryMib: 128, env: { A: "1" }, tags: ["default"] };
    const first = await create({ ...more, readiness: { kind: "timeout", timeoutMs: 1 }, startCmd: "sleep 9" });
    const imported = await template.read({ id: first.id }, program.context());
    expect(imported?.inputs).toMatchObject({ name, user: "nobody", workdir: "/tmp", vcpus: 1, memoryMib: 128 });
    expect(imported?.outputs).toMatchObject({ buildId: first.outputs.buildId, canonicalRef: first.id });
    // What Read returns passes Check without a look at the disk.
    const checked = await template.check({ news: imported!.inputs }, program.context({ cwd: "/nonexistent" }));
    expect(checked.failures).toEqual([]);
    expect(template.diff({ oldInputs: imported!.inputs, newInputs: first.inputs }).changes).toEqual([]);
    // What import can know still counts.
    const { changes } = template.diff({ oldInputs: imported!.inputs, newInputs: { ...first.inputs, user: "root" } });
    expect(changes.map(({ path }) => path.join("."))).toEqual(["user"]);
  });

  it("is imported with what it has from an image, a parent or a health check, and equals a program without it", async () => {
    const parent = `${name}-parent`;
    const { build_id } = await client.builds.start({
      name: parent,
      base_image: BASE_IMAGE,
      runtime_config: { default_envs: { FROM_PARENT: "1" } },
    });
    await client.builds.waitUntilTerminal(build_id);
    const copy = [{ kind: "copy", sources: ["hello.txt"], dst: "/" }];
    const programs: Properties[] = [
      { image: BASE_IMAGE },
      { fromTemplate: `local/${parent}` },
      { fromTemplate: `local/${parent}`, steps: copy, context: "." },
      { dockerfileContent: `FROM ${BASE_IMAGE}\nHEALTHCHECK CMD true\n`, startCmd: "sleep 9" },
    ];
    for (const [number, more] of programs.entries()) {
      const first = await create({ ...more, name: `${name}-${number}` });
      const imported = (await template.read({ id: first.id }, program.context()))!;
      const { inputs: oldInputs, outputs: oldOutputs } = imported;
      expect(template.diff({ oldInputs, oldOutputs, newInputs: first.inputs }).changes, JSON.stringify(more)).toEqual(
        [],
      );
    }
  });

  it("is imported without a good build, stays in a refresh, and is built by the first update that has its files", async () => {
    const { build_id } = await client.builds.start({ name, dockerfile: `FROM ${BASE_IMAGE}\nRUN false\n` });
    expect((await client.builds.waitUntilTerminal(build_id)).build.status).toBe("error");
    const id = `local/${name}`;
    const imported = (await template.read({ id }, program.context()))!;
    expect(imported.outputs).not.toHaveProperty("buildId");
    expect(program.messages).toEqual([expect.stringContaining("no build of")]);
    expect(await template.read(imported, program.context())).toEqual({ ...imported });
    const { inputs: oldInputs, outputs: oldOutputs } = imported;
    const asItIs = { name, contextHash: oldInputs.contextHash as string };
    const same = await program.check(template, asItIs);
    expect(template.diff({ oldInputs, oldOutputs, newInputs: same }).changes).toEqual([]);
    const newInputs = await program.check(template, { name });
    const { changes } = template.diff({ oldInputs, oldOutputs, newInputs });
    expect(changes.map(({ path, effect }) => [path[0], effect])).toContainEqual(["contextHash", "rebuild"]);
    const outputs = await template.update({ id, oldInputs, oldOutputs, newInputs }, program.context());
    expect(await tags()).toEqual({ default: outputs.buildId });
    await template.delete({ id, inputs: newInputs, outputs }, program.context());
    expect(await template.read({ id }, program.context())).toBeUndefined();
  });

  it("is gone only when the service says so", async () => {
    const first = await create();
    await template.delete(first, program.context());
    expect(await client.templates.exists(first.id)).toBe(false);
    expect(await template.read(first, program.context())).toBeUndefined();
    // A second time is success.
    await template.delete(first, program.context());

    proxy.rule = () => "lose-request";
    await expect(template.read(first, program.context({ timeoutMs: 2000 }))).rejects.toThrow();
  });

  it("stops a build in progress before it deletes", async () => {
    program.write({ Dockerfile: SLOW });
    const failed = await failingCreate({}, { timeoutMs: 5000 });
    const { buildId } = failed.outputs.attempt as { buildId: string };
    await template.delete(failed, program.context());
    expect((await client.builds.get(buildId)).build.status).toBe("cancelled");
  });
});
