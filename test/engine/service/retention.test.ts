import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { Agent, request } from "undici";
import { expect, it, onTestFinished } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { OwnEngine } from "../docker/own-engine.ts";
import { eventually } from "./fleet-fixture.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

it("a promoted build's image is kept, one that nothing pins is reclaimed after its time and says so", async () => {
  await using service = await RunningService.start({ artifactRetentionMs: 1 });
  const engine = new DockerEngine();
  onTestFinished(() => engine.close());
  const build = async () => {
    const command = `echo ${randomUUID()} > /made`;
    const ended = await service.build({
      name: "kept",
      base_image: BASE_IMAGE,
      steps: [{ action: "run", command }],
    });
    return ended.build as { build_id: string; template_id: string };
  };
  const [promoted, dropped, newest] = [await build(), await build(), await build()];
  const promote = (id: string) => service.call("POST", `/v1/templates/builds/${id}/promote`, { tag: "stable" });
  expect((await promote(promoted.build_id)).status).toBe(200);
  const state = async (id: string) => (await service.call("GET", `/v1/templates/builds/${id}?offset=0`)).body;
  // Each start sweeps: the first notes that nothing pins it, one after its time lets it go.
  await service.restart();
  const gone = await eventually("reclaimed", async () => {
    await service.restart();
    const { build } = await state(dropped.build_id);
    return build.promotability.status === "purged" ? build : undefined;
  });
  expect(gone).toMatchObject({
    status: "ready",
    promotability: { promotable: false },
    artifact_availability: { status: "unavailable" },
  });
  expect((await state(dropped.build_id)).entries.at(-1)).toMatchObject({ kind: "end" });
  await expect(engine.images.inspect(`nullspace-local/${dropped.template_id}`)).rejects.toMatchObject({ status: 404 });
  expect(await promote(dropped.build_id)).toMatchObject({ status: 409, body: { code: "conflict" } });
  for (const { build_id, template_id } of [promoted, newest]) {
    expect((await state(build_id)).build.promotability).toMatchObject({ promotable: true });
    await engine.images.inspect(`nullspace-local/${template_id}`);
  }
});

it(
  "the engine's build cache is left alone, unless it has a limit, and then trimmed to it",
  { timeout: 120_000 },
  async () => {
    await using own = await OwnEngine.start({}, {}, { ownNetwork: true });
    const run = promisify(execFile);
    await run("sh", ["-c", `docker save ${BASE_IMAGE} | docker --host ${own.host} load`]);
    const dispatcher = new Agent({ connect: { socketPath: own.host.slice("unix://".length) } });
    onTestFinished(() => dispatcher.close());
    const cached = async () => {
      const { body } = await request("http://docker/system/df", { dispatcher });
      const { BuildCache } = (await body.json()) as { BuildCache: { Size: number; Shared: boolean }[] | null };
      // What an image has, too, stays as long as that does.
      return (BuildCache ?? []).filter(({ Shared }) => !Shared).reduce((sum, { Size }) => sum + Size, 0);
    };
    const start = (storage: { buildCacheBytes?: number }) => RunningService.start({ dockerHost: own.host, storage });
    const build = async (service: RunningService) => {
      const large = `: ${randomUUID()}; dd if=/dev/urandom of=/large bs=1M count=8; echo made > /made`;
      const dockerfile = `FROM ${BASE_IMAGE} AS tools\nRUN ${large}\nFROM ${BASE_IMAGE}\nCOPY --from=tools /made /made\n`;
      const { build } = await service.build({ name: "small", dockerfile });
      expect(build).toMatchObject({ status: "ready" });
    };
    {
      await using service = await start({});
      await build(service);
      const before = await cached();
      expect(before).toBeGreaterThan(8_000_000);
      // Each start sweeps.
      await service.restart();
      expect(await cached()).toBeGreaterThanOrEqual(before);
    }
    await using service = await start({ buildCacheBytes: 4_000_000 });
    await build(service);
    await service.restart();
    await eventually("trimmed", async () => ((await cached()) <= 4_000_000 ? true : undefined));
  },
);
