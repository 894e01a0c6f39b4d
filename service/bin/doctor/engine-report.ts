import { answerTimeout } from "pulumi-nullspace/concurrency";
import { DockerEngine } from "pulumi-nullspace/docker";
import { EngineArtifactStore } from "../../artifacts/engine/engine-artifact-store.ts";
import { unboundedBy } from "../../drivers/docker/host-size.ts";
import { asError } from "../../errors.ts";
import type { HostSize } from "../../fleet/guests/machine-driver.ts";
import { INSTANCE_LABEL } from "../../labels.ts";

/** How long the engine may take to say anything. */
const TIMEOUT_MS = 10_000;

/** Images and containers of one service on its engine. */
export interface EngineReport {
  host: string;
  /** Absent: it does not answer. */
  version?: string;
  problem?: string;
  /** Code of the system's error behind it, such as `EACCES`. */
  problemCode?: string;
  /** What it cannot bound of a machine: one may take all of it. */
  unbounded: HostSize["unbounded"];
  /** By artifact. */
  images: { templateId: string; imageId: string; sizeBytes: number }[];
  containers: number;
}

/** Asks the engine about what a service has on it. @param instanceId absent: there is none yet */
export async function inspectEngine(
  instanceId: string | undefined,
  dockerHost: string | undefined,
): Promise<EngineReport> {
  const engine = new DockerEngine({ ...(dockerHost !== undefined && { host: dockerHost }) });
  const { host } = engine;
  using timeout = answerTimeout(TIMEOUT_MS);
  const { signal } = timeout;
  try {
    const { Version } = await engine.version({ signal });
    const unbounded = unboundedBy(await engine.info({ signal }));
    if (instanceId === undefined) return { host, version: Version, unbounded, images: [], containers: 0 };
    const images = await new EngineArtifactStore(engine, instanceId).list(signal);
    const filters = { label: [`${INSTANCE_LABEL}=${instanceId}`] };
    const containers = await engine.containers.list({ all: true, filters, signal });
    return {
      host,
      version: Version,
      unbounded,
      images: images.map(({ templateId, imageId, sizeBytes }) => ({ templateId, imageId, sizeBytes })),
      containers: containers.length,
    };
  } catch (error) {
    const problemCode = systemCodeOf(error);
    const nothing = { unbounded: [], images: [], containers: 0 };
    return { host, problem: asError(error).message, ...(problemCode !== undefined && { problemCode }), ...nothing };
  } finally {
    await engine.close();
  }
}

function systemCodeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code !== undefined && /^E[A-Z0-9]+$/.test(code)) return code;
  }
  return undefined;
}
