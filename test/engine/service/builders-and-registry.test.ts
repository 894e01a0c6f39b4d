import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import type { BuildOrder } from "../../../service/builds/build-executor.ts";
import { BuildFailure } from "../../../service/builds/build-failure.ts";
import type { NewLogEntry } from "../../../service/builds/build-log.ts";
import { BuildCredentials } from "../../../service/builds/credentials.ts";
import { builderFindings, inspectBuilders } from "../../../service/bin/doctor/builder-report.ts";
import { rankBuilders } from "../../../service/builders/buildkit/rank-builders.ts";
import { EngineUnavailableError } from "../../../service/errors.ts";
import { plainOrder } from "../../unit/service/plain-order.ts";
import { startBuildKitDaemon } from "../docker/buildkit-daemon.ts";
import { LOGIN, startPrivateRegistry } from "../docker/private-registry.ts";
import { putRegistryImage, registryImage } from "../../../service/store/registry-images.ts";
import { RegistryWorld, startBuildSite, type BuildSite } from "./registry-world.ts";
import { RunningService } from "./running-service.ts";

let site: BuildSite;
const { signal } = new AbortController();

beforeAll(async () => {
  site = await startBuildSite({ builders: 2 });
});
afterAll(() => site[Symbol.asyncDispose]());

/** A caller's own, for the registry that has the base image. */
const FOR_THE_BASE = () =>
  new BuildCredentials({ registry_auth: [{ registry: site.registry.host, auth: { kind: "basic", ...LOGIN } }] });

function orderOf(world: RegistryWorld, text: string, more: Partial<BuildOrder> = {}): BuildOrder {
  const order = plainOrder(world.parts.artifacts, world.templateId(), text);
  return { ...order, credentials: FOR_THE_BASE(), ...more };
}

async function build(world: RegistryWorld, order: BuildOrder) {
  const told: NewLogEntry[] = [];
  const made = await world.parts.executor.build(order, (entry) => void told.push(entry), signal);
  return { ...made, told: told.map(({ message }) => message).join("\n") };
}

describe("several builders", () => {
  it("build on the next one when theirs has gone, and go on with what the first one made of the template", async () => {
    const own = [await startBuildKitDaemon(), await startBuildKitDaemon()];
    const addresses = own.map(({ address }) => address);
    await using world = new RegistryWorld(site, { addresses });
    const text = `FROM ${site.baseImage} AS tools\nRUN echo ${world.run} > /tool\nFROM ${site.baseImage}\nCOPY --from=tools /tool /tool\nRUN cat /tool\n`;
    expect((await build(world, orderOf(world, text))).cache).toMatchObject({ layer_hits: 0, layer_misses: 3 });
    const [first] = rankBuilders(own, `test-${world.run}/1`);
    await first?.[Symbol.asyncDispose]();
    const again = await build(world, orderOf(world, text));
    // Of every stage, not of the last one alone: the other builder has nothing of its own.
    expect(again.cache).toMatchObject({ layer_hits: 3, layer_misses: 0 });
    expect(again.told).toContain(`The builder at ${first?.address} is passed over`);
    for (const one of own) if (one !== first) await one[Symbol.asyncDispose]();
    await expect(build(world, orderOf(world, text))).rejects.toThrow(EngineUnavailableError);
  });

  it("begin again on the next one when theirs goes in the middle of a build", async () => {
    const own = [await startBuildKitDaemon(), await startBuildKitDaemon()];
    await using world = new RegistryWorld(site, { addresses: own.map(({ address }) => address) });
    const [first] = rankBuilders(own, `test-${world.run}/1`);
    const order = orderOf(world, `FROM ${site.baseImage}\nRUN echo begun-${world.run} && sleep 3\n`);
    let killed: Promise<void> | undefined;
    const told: string[] = [];
    const made = await world.parts.executor.build(
      order,
      ({ message }) => {
        told.push(message);
        if (message === `begun-${world.run}`) killed ??= first?.kill();
      },
      signal,
    );
    await killed;
    for (const one of own) await one[Symbol.asyncDispose]();
    expect(told.join("\n")).toContain(`The builder at ${first?.address} went away`);
    expect(await world.parts.artifacts.describe(order.imageRef)).toMatchObject({ imageId: made.imageId });
  });
});

describe("a build on a builder", () => {
  it("uses its secrets, and none is in the image, its history or its cache", async () => {
    await using world = new RegistryWorld(site);
    const credentials = new BuildCredentials({ build_secrets: [{ id: "token", value: `secret-${world.run}` }] });
    const command = `test "$(cat /run/secrets/token)" = secret-${world.run.split("").join('""')}`;
    const order = orderOf(world, `FROM ${site.baseImage}\nRUN --mount=type=secret,id=token ${command}\n`, {
      credentials,
    });
    const { imageId } = await build(world, order);
    const { ownClient, own } = world.parts.registries;
    const manifest = await ownClient.manifest(own.repository, imageId.slice(imageId.indexOf("@") + 1));
    const { config } = JSON.parse(String(manifest?.bytes)) as { config: { digest: string } };
    expect(String(await ownClient.smallBlob(own.repository, config.digest))).not.toContain(`secret-${world.run}`);
  });

  it("is of an image that the registry has as a plain manifest of OCI, without an index", async () => {
    await using world = new RegistryWorld(site);
    const { imageId } = await build(world, orderOf(world, `FROM ${site.baseImage}\nLABEL a=${world.run}\n`));
    const { ownClient, own } = world.parts.registries;
    expect(await ownClient.manifest(own.repository, imageId.slice(imageId.indexOf("@") + 1))).toMatchObject({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
    });
  });

  it("says that the caller's credentials for a private base are wrong, and takes right ones", async () => {
    await using other = await startPrivateRegistry({ tls: false });
    await using world = new RegistryWorld(site);
    const { executor } = world.parts;
    const image = `${other.host}/private/base:1`;
    const definition = { base_image: image, base_image_auth_kind: "basic" as const };
    const job = (password: string) =>
      orderOf(world, "", {
        definition,
        credentials: new BuildCredentials({ base_image_auth: { kind: "basic", username: LOGIN.username, password } }),
      });
    const refused = await executor.haveBase(job("wrong-word"), image, () => undefined, signal).catch((e: unknown) => e);
    expect(refused).toBeInstanceOf(BuildFailure);
    expect(refused).toMatchObject({ phase: "auth", reason: "registry_auth_failed" });
    expect(String(refused)).not.toContain("wrong-word");
    // The right ones are let in, and find that nothing is there.
    const missing = executor.haveBase(job(LOGIN.password), image, () => undefined, signal);
    await expect(missing).rejects.toMatchObject({ reason: "base_image_unavailable" });
  });
});

describe("a registry of artifacts", () => {
  it("that refuses this service is the operator's business, in words without the password", async () => {
    await using world = new RegistryWorld(site, { auth: { username: LOGIN.username, password: "not-this-one" } });
    const refused = await world.parts.executor.checkAvailable(signal).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(EngineUnavailableError);
    expect(String(refused)).toContain("UNAUTHORIZED");
    expect(JSON.stringify(refused) + String(refused)).not.toContain("not-this-one");
    expect(refused).toMatchObject({ suggestedAction: expect.stringContaining("--registry-user") });
  });

  it("that goes in the middle of a build lets it begin again when it is back", async () => {
    const own = await startPrivateRegistry({ tls: false, deletes: true });
    await using world = new RegistryWorld({ ...site, registry: own });
    const order = orderOf(world, `FROM ${site.baseImage}\nRUN echo begun-${world.run} && sleep 1\n`);
    let gone: PromiseLike<void> | undefined;
    const built = world.parts.executor.build(
      order,
      ({ message }) => {
        if (message === `begun-${world.run}`) gone ??= own[Symbol.asyncDispose]();
      },
      signal,
    );
    await expect(built).rejects.toThrow(EngineUnavailableError);
    await gone;
    const port = Number(own.host.split(":")[1]);
    await using back = await startPrivateRegistry({ tls: false, deletes: true, port });
    await expect(world.parts.executor.checkAvailable(signal)).resolves.toBeUndefined();
    expect((await build(world, order)).imageId).toContain(back.host);
  });

  it("that deletes nothing keeps the image, and the name is given up all the same", async () => {
    await using keeper = await startPrivateRegistry({ tls: false, deletes: false });
    await using world = new RegistryWorld({ ...site, registry: keeper });
    const { artifacts } = world.parts;
    const order = orderOf(world, `FROM ${site.baseImage}\nLABEL a=${world.run}\n`);
    const { imageId } = await build(world, order);
    expect(await artifacts.remove(order.imageRef, signal)).toBe(true);
    expect(await artifacts.describe(imageId)).toMatchObject({ imageId });
    expect(world.gone).toEqual([imageId]);
  });

  it("keeps an image as long as one of its names is wanted, whatever order they go in", async () => {
    await using world = new RegistryWorld(site);
    const { artifacts } = world.parts;
    const first = orderOf(world, `FROM ${site.baseImage}\nLABEL a=${world.run}\n`);
    const { imageId } = await build(world, first);
    const [second, third] = [world.templateId(), world.templateId()];
    for (const twin of [second, third]) expect(await artifacts.keep(imageId, twin)).toBe(true);
    await artifacts.remove(first.imageRef, signal);
    await artifacts.remove(artifacts.nameOf(third), signal);
    expect((await artifacts.list(signal)).filter((one) => one.imageId === imageId)).toMatchObject([
      { templateId: second },
    ]);
    expect(await artifacts.describe(imageId)).toMatchObject({ imageId });
    await artifacts.remove(artifacts.nameOf(second), signal);
    expect(await artifacts.describe(imageId)).toBeUndefined();
    expect(world.gone).toEqual([imageId]);
  });

  it("lets an image go that a service was about to give a name when it was killed", async () => {
    await using world = new RegistryWorld(site);
    const { artifacts } = world.parts;
    const order = orderOf(world, `FROM ${site.baseImage}\nLABEL a=${world.run}\n`);
    const { imageId } = await build(world, order);
    const never = world.templateId();
    const row = registryImage(world.db, order.templateId)!;
    putRegistryImage(world.db, { ...row, templateId: never, imageRef: artifacts.nameOf(never) });
    // A start looks at what is there.
    expect((await artifacts.list(signal)).map(({ templateId }) => templateId)).toContain(order.templateId);
    await artifacts.remove(order.imageRef, signal);
    expect(await artifacts.describe(imageId)).toBeUndefined();
  });
});

describe("the doctor of builders and a registry", () => {
  it("tells the cache of each builder, which one is away, and whether the registry deletes", async () => {
    await using keeper = await startPrivateRegistry({ tls: false, deletes: false });
    const [one] = site.builders;
    const look = async (host: string, auth = LOGIN) => {
      const registry = { repository: `${host}/tests/doctor`, auth };
      const report = await inspectBuilders({ addresses: [one!.address, "tcp://127.0.0.1:1"], registry });
      return builderFindings(report);
    };
    expect(await look(site.registry.host)).toMatchObject([
      { name: "builder", status: "ok", message: expect.stringContaining("of cache") },
      { name: "builder", status: "warn", message: expect.stringContaining("tcp://127.0.0.1:1") },
      { name: "registry", status: "ok", message: expect.stringContaining("deletes") },
    ]);
    expect((await look(keeper.host)).at(-1)).toMatchObject({
      status: "warn",
      message: expect.stringContaining("HTTP status 405"),
    });
    const refused = (await look(keeper.host, { ...LOGIN, password: "not-this-one" })).at(-1);
    expect(refused).toMatchObject({ status: "fail", message: expect.stringContaining("401") });
    expect(JSON.stringify(refused)).not.toContain("not-this-one");
  });
});

describe("a service with builders and a registry, whose machines run on Docker", () => {
  it("builds, reuses, starts machines and lets images go, and leaves nothing of them on the engine", async () => {
    const repository = `${site.registry.host}/services/one`;
    const [builder] = site.builders;
    await using service = await RunningService.start({
      baseImage: site.baseImage,
      buildkit: { addresses: [builder!.address], registry: { repository, auth: LOGIN } },
    });
    const engine = new DockerEngine();
    const key = (name: string) => ({ "idempotency-key": name });
    const dockerfile = `FROM ${site.baseImage}\nRUN echo ${Math.random()} > /made\n`;
    const { build: one } = await service.build({ name: "one", dockerfile, start_cmd: "sleep 600" });
    expect(one).toMatchObject({ status: "ready" });
    const { build: twin } = await service.build({ name: "twin", dockerfile, start_cmd: "sleep 600" });
    expect(twin).toMatchObject({ status: "ready", cache_summary: { final_artifact_hits: 1 } });
    const { build: child } = await service.build({
      name: "child",
      base_image: "local/one",
      steps: [{ action: "run", command: "cat /made" }],
    });
    expect(child, JSON.stringify(child)).toMatchObject({ status: "ready" });
    const { status, body: machine } = await service.call(
      "POST",
      "/v1/machines",
      { template: "local/twin" },
      key("twin"),
    );
    expect([status, machine]).toMatchObject([201, { status: "running" }]);
    const { body: base } = await service.call("POST", "/v1/machines", { template: "base" }, key("base"));
    expect(base).toMatchObject({ status: "running" });
    const { body: ready } = await service.call("GET", "/readyz");
    expect(Object.keys(ready.checks).sort()).toEqual(["builders", "disk", "engine", "registry", "store"]);
    for (const { id } of [machine, base]) await service.call("DELETE", `/v1/machines/${id}`);
    for (const name of ["child", "one", "twin"]) {
      expect((await service.call("DELETE", `/v1/templates/refs/local%2F${name}`)).status).toBe(204);
    }
    const fetched = async () =>
      (await engine.images.list())
        .flatMap(({ RepoDigests }) => RepoDigests ?? [])
        .filter((name) => name.startsWith(`${repository}@`));
    // That of the builtin template stays, and its machine has fetched it.
    await expect.poll(fetched, { timeout: 30_000 }).toHaveLength(1);
    await engine.close();
  });
});
