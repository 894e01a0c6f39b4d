import { EngineConflictError, EngineNotFoundError, type DockerEngine } from "pulumi-nullspace/docker";
import { EngineArtifactStore } from "../../artifacts/engine/engine-artifact-store.ts";
import { INSTANCE_LABEL } from "../../labels.ts";
import { inUnits } from "../doctor/in-units.ts";
import { counted, type Belongings } from "./belongings.ts";
import type { HeldFolder } from "./held-folder.ts";

/** The containers and images of a service on its engine. */
export async function engineBelongings(
  engine: DockerEngine,
  { instanceId, artifacts }: Pick<HeldFolder, "instanceId" | "artifacts">,
  signal: AbortSignal,
): Promise<Belongings> {
  const filters = { label: [`${INSTANCE_LABEL}=${instanceId}`] };
  const containers = await engine.containers.list({ all: true, filters, signal });
  const named = await new EngineArtifactStore(engine, instanceId).list(signal);
  // By its label what the service has built, by its name also what it has only named.
  const images = named.filter(({ isOwn, templateId }) => isOwn || artifacts.has(templateId));
  const bytes = images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const size = `${inUnits(bytes)}, layers that they share counted each time`;
  return {
    lines: [
      ...(containers.length === 0 ? [] : [`${counted(containers.length, "container")} of machines and pools`]),
      ...(images.length === 0 ? [] : [`${counted(images.length, "image")} (${size})`]),
    ],
    async remove(during) {
      for (const { Id } of containers) await unlessGone(engine.containers.remove(Id, { force: true, signal: during }));
      const kept: string[] = [];
      for (const { imageRef } of images) {
        try {
          await unlessGone(engine.images.remove(imageRef, { signal: during }));
        } catch (error) {
          if (!(error instanceof EngineConflictError)) throw error;
          kept.push(imageRef);
        }
      }
      return kept.length === 0 ? [] : [`images that containers of others run on: ${kept.join(", ")}`];
    },
  };
}

async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!(error instanceof EngineNotFoundError)) throw error;
  }
}
