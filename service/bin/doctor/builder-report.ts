import { answerTimeout } from "pulumi-nullspace/concurrency";
import { RegistryArtifactStore } from "../../artifacts/registry/registry-artifact-store.ts";
import { RepositoryOwner } from "../../artifacts/registry/repository-owner.ts";
import { tryDeleting } from "../../artifacts/registry/try-deleting.ts";
import { BuilderFleet, type BuilderDisk, type BuilderState } from "../../builders/buildkit/builder-fleet.ts";
import { asError } from "../../errors.ts";
import { buildersOf, openRegistries } from "../../parts/buildkit.ts";
import type { BuildKitOptions } from "../../parts/buildkit-options.ts";
import { Database } from "../../store/database.ts";
import type { EngineReport } from "./engine-report.ts";
import type { Finding } from "./findings.ts";
import { inUnits } from "./in-units.ts";

/** How long builders and registry may take together. */
const TIMEOUT_MS = 60_000;

/** Builders and the registry of one service. */
export interface BuilderReport {
  builders: (BuilderState & { disk?: BuilderDisk })[];
  registry: {
    /** Host and repository. */
    repository: string;
    /** Why it cannot be used. */
    problem?: string;
    /** Why it deletes nothing. */
    keepsAll?: string;
    /** It is another service's. */
    isTaken?: true;
  };
  /** By artifact; absent: the registry cannot be used. */
  images?: EngineReport["images"];
}

/**
 * Asks builders and registry about what the service of a data folder has there. Stores something small there, and deletes it again.
 *
 * @param instanceId id of the service; absent: there is none yet
 */
export async function inspectBuilders(options: BuildKitOptions, instanceId?: string): Promise<BuilderReport> {
  using timeout = answerTimeout(TIMEOUT_MS);
  const { signal } = timeout;
  const fleet = new BuilderFleet(buildersOf(options));
  const [builders, registry] = await Promise.all([
    builderReports(fleet, signal),
    registryReport(options, instanceId, signal),
  ]);
  return { builders, ...registry };
}

async function builderReports(fleet: BuilderFleet, signal: AbortSignal): Promise<BuilderReport["builders"]> {
  const states = await fleet.states(signal);
  return Promise.all(
    states.map(async (state, index) => {
      const builder = fleet.builders[index];
      const disk =
        builder === undefined || state.version === undefined ? undefined : await fleet.diskOf(builder, signal);
      return { ...state, ...(disk !== undefined && { disk }) };
    }),
  );
}

async function registryReport(
  options: BuildKitOptions,
  instanceId: string | undefined,
  signal: AbortSignal,
): Promise<Pick<BuilderReport, "registry" | "images">> {
  const registries = openRegistries(options);
  const { own, ownClient } = registries;
  const repository = `${own.host}/${own.repository}`;
  try {
    const refusal = await tryDeleting({ registry: ownClient, repository: own.repository }, signal);
    const keepsAll = refusal?.said;
    const named = await new RegistryArtifactStore({ registries, db: new Database(":memory:"), instanceId: "" }).list(
      signal,
    );
    const images = named.map(({ templateId, imageId, sizeBytes }) => ({ templateId, imageId, sizeBytes }));
    const owner = new RepositoryOwner({
      registry: ownClient,
      repository: own.repository,
      instanceId: instanceId ?? "",
    });
    const isTaken = (await owner.whose(signal)) === "other";
    return {
      registry: { repository, ...(keepsAll !== undefined && { keepsAll }), ...(isTaken && { isTaken }) },
      images,
    };
  } catch (error) {
    return { registry: { repository, problem: asError(error).message } };
  } finally {
    registries.close();
  }
}

/** What is wrong with builders and registry, and what to do. */
export function builderFindings({ builders, registry }: BuilderReport): Finding[] {
  return [...builders.map(builderFinding(builders)), registryFinding(registry)];
}

function builderFinding(all: BuilderReport["builders"]) {
  const isNoneLeft = all.every(({ version }) => version === undefined);
  return ({ address, version, problem = "no reason given", disk }: BuilderReport["builders"][number]): Finding => {
    const name = "builder";
    if (version !== undefined) {
      const used = disk === undefined ? "" : `, ${inUnits(disk.bytes)} of cache (${inUnits(disk.spareBytes)} to spare)`;
      return { name, status: "ok", message: `BuildKit ${version} at ${address}${used}` };
    }
    const advice = isNoneLeft
      ? "Start a builder: builds wait until one answers."
      : "Start it: its builds go to the other builders, which have less of their cache.";
    return { name, status: isNoneLeft ? "fail" : "warn", message: `${address} does not answer: ${problem}`, advice };
  };
}

function registryFinding({ repository, problem, keepsAll, isTaken }: BuilderReport["registry"]): Finding {
  const name = "registry";
  if (isTaken) {
    const advice =
      "Name a repository of its own, or serve once with --registry-take-over where the other service is gone.";
    return { name, status: "fail", message: `${repository} belongs to another service`, advice };
  }
  if (problem !== undefined) {
    const advice = "See that the registry runs and that the credentials may pull, push and delete there.";
    return { name, status: "fail", message: `${repository} cannot be used: ${problem}`, advice };
  }
  if (keepsAll === undefined) return { name, status: "ok", message: `${repository}: pulls, pushes and deletes` };
  return {
    name,
    status: "warn",
    message: `${repository} deletes nothing: ${keepsAll}`,
    advice:
      "Images stay there when the service lets them go. Switch deleting on (docker-registry: REGISTRY_STORAGE_DELETE_ENABLED=true), and let the registry collect its garbage.",
  };
}
