import { randomUUID } from "node:crypto";
import { expect, it, onTestFinished } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
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
