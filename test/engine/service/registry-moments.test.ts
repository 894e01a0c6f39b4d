import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BuilderFleet } from "../../../service/builders/buildkit/builder-fleet.ts";
import type { BuildOrder } from "../../../service/builds/build-executor.ts";
import { BuildCredentials } from "../../../service/builds/credentials.ts";
import { plainOrder } from "../../unit/service/plain-order.ts";
import { LOGIN, startPrivateRegistry } from "../docker/private-registry.ts";
import { startRegistryFront, type Verdict } from "../docker/registry-front.ts";
import { RegistryWorld, startBuildSite, type BuildSite } from "./registry-world.ts";
import { RunningService } from "./running-service.ts";

let site: BuildSite;
const { signal } = new AbortController();

beforeAll(async () => {
  site = await startBuildSite();
});
afterAll(() => site[Symbol.asyncDispose]());

/** Of an image that nobody has built before. The base is in the site's registry, which wants a password. */
function orderOf(world: RegistryWorld, command = `echo ${world.run}`): BuildOrder {
  const text = `FROM ${site.baseImage}\nRUN ${command}\n`;
  const auth = { registry: site.registry.host, auth: { kind: "basic" as const, ...LOGIN } };
  const credentials = new BuildCredentials({ registry_auth: [auth] });
  return { ...plainOrder(world.parts.artifacts, world.templateId(), text), credentials };
}

describe("a build that is stopped at the moment in which its image arrives", () => {
  it("leaves no name, no step that goes on, and nothing that the registry's own collection would not take", async () => {
    await using registry = await startPrivateRegistry({ tls: false, deletes: true });
    const stop = new AbortController();
    let arrived = "";
    const judge = async ({ method, url = "", headers }: IncomingMessage): Promise<Verdict> => {
      const [, digest = ""] = /\/manifests\/(sha256:[0-9a-f]{64})$/.exec(url) ?? [];
      if (method === "PUT" && digest !== "" && headers["user-agent"] !== "nullspace-local" && !stop.signal.aborted) {
        arrived = digest;
        stop.abort(new Error("not wanted any more"));
      }
      return undefined;
    };
    await using front = await startRegistryFront(registry.host, judge);
    await using world = new RegistryWorld(site, { registry: front.host });
    const { artifacts, executor, registries } = world.parts;
    const kept = orderOf(world, "echo kept");
    const stopped = orderOf(world, "head -c 100000 /dev/urandom > /noise");
    await expect(executor.build(stopped, () => undefined, stop.signal)).rejects.toThrow("not wanted any more");
    const fleet = new BuilderFleet(site.builders.map(({ address }) => ({ address })));
    await expect
      .poll(
        async () => {
          const disk = await fleet.disk(signal);
          return disk && disk.bytes - disk.spareBytes;
        },
        { timeout: 30_000 },
      )
      .toBe(0);
    expect(arrived).not.toBe("");
    expect(await artifacts.describe(stopped.imageRef)).toBeUndefined();
    expect(await artifacts.list(signal)).toEqual([]);

    const { imageId } = await executor.build(kept, () => undefined, signal);
    await registry.collectGarbage();
    const { ownClient, own } = registries;
    expect(await ownClient.manifest(own.repository, arrived)).toBeUndefined();
    expect(await artifacts.describe(kept.imageRef)).toMatchObject({ imageId });
    // What is built again finds a registry that lacks what was collected.
    expect(await executor.build(stopped, () => undefined, signal)).toMatchObject({ imageId: expect.any(String) });
  });
});

describe("a registry that is too busy for the service now and then", () => {
  it("is come back to: builds, names, twins and removals all succeed", async () => {
    const seen = new Map<string, number>();
    const judge = ({ method, url, headers }: IncomingMessage): Verdict => {
      // How builders bear it is theirs.
      if (headers["user-agent"] !== "nullspace-local") return undefined;
      const request = `${method} ${url}`;
      seen.set(request, (seen.get(request) ?? 0) + 1);
      return seen.get(request) === 1 ? { status: 429, headers: { "retry-after": "0" } } : undefined;
    };
    await using front = await startRegistryFront(site.registry.host, judge);
    await using world = new RegistryWorld(site, { registry: front.host });
    const { artifacts, executor } = world.parts;
    await executor.checkAvailable(signal);
    const order = orderOf(world);
    const { imageId } = await executor.build(order, () => undefined, signal);
    const twin = world.templateId();
    expect(await artifacts.keep(imageId, twin)).toBe(true);
    expect((await artifacts.list(signal)).map(({ templateId }) => templateId).sort()).toEqual([order.templateId, twin]);
    for (const name of [order.imageRef, artifacts.nameOf(twin)])
      expect(await artifacts.remove(name, signal)).toBe(true);
    expect(await artifacts.describe(imageId)).toBeUndefined();
    const puts = [...seen.keys()].filter((request) => request.startsWith("PUT"));
    expect(puts.length).toBeGreaterThan(2);
  });
});

describe("a repository that is another service's", () => {
  const options = (run: string, more: { takeOver?: boolean } = {}) => ({
    baseImage: site.baseImage,
    buildkit: {
      addresses: site.builders.map(({ address }) => address),
      registry: { repository: `${site.registry.host}/shared/${run}`, auth: LOGIN, ...more },
    },
  });
  const body = (name: string) => ({ name, dockerfile: `FROM ${site.baseImage}\nRUN echo ${name} > /made\n` });

  it("is refused at the start, in words that say what to do, until it is taken over; then the first one stops", async () => {
    const run = Math.random().toString(36).slice(2);
    await using first = await RunningService.start(options(run));
    expect((await first.build(body("one"))).build).toMatchObject({ status: "ready" });
    const refused = await RunningService.start(options(run)).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "registry_taken", message: expect.stringContaining("--registry-take-over") });

    // Its own repository it may come back to.
    await first.restart();
    expect((await first.build(body("two"))).build).toMatchObject({ status: "ready" });

    await using second = await RunningService.start(options(run, { takeOver: true }));
    expect((await second.build(body("three"))).build).toMatchObject({ status: "ready" });
    const late = await first.call("POST", "/v1/templates/builds", body("four"));
    expect([late.status, late.body.code]).toEqual([503, "engine_unavailable"]);
    expect(late.body).toMatchObject({
      error: expect.stringContaining("belongs to another service"),
      suggested_action: expect.stringContaining("--registry"),
    });
    const { status, body: readiness } = await first.call("GET", "/readyz");
    expect([status, JSON.stringify(readiness)]).toEqual([503, expect.stringContaining("belongs to another service")]);
    // Nothing of the new owner's goes with what the former one lets go.
    await first.call("DELETE", "/v1/templates/refs/local%2Fone");
    expect((await second.call("GET", "/v1/templates/refs/local%2Fthree")).status).toBe(200);
  });

  it("is found out by the first use where the registry was away at the start", async () => {
    const run = Math.random().toString(36).slice(2);
    await using first = await RunningService.start(options(run));
    expect((await first.build(body("one"))).build).toMatchObject({ status: "ready" });
    let isAway = true;
    await using front = await startRegistryFront(site.registry.host, () => (isAway ? { status: 502 } : undefined));
    const { buildkit, ...rest } = options(run);
    const registry = { ...buildkit.registry, repository: `${front.host}/shared/${run}` };
    await using second = await RunningService.start({ ...rest, buildkit: { ...buildkit, registry } });
    isAway = false;
    const { status, body: answer } = await second.call("POST", "/v1/templates/builds", body("two"));
    expect([status, answer.error]).toEqual([503, expect.stringContaining("belongs to another service")]);
  });
});
