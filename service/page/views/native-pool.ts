import { definitionOf } from "../../builds/build-record.ts";
import type { GenerationState, NativeStatus } from "../../fleet/pools/native/native-status.ts";
import { buildOfArtifact } from "../../store/builds.ts";
import type { Database } from "../../store/database.ts";
import { KnownThings } from "./known-things.ts";
import { isSecretVariable, redactorOf } from "./told-secrets.ts";

/** One generation of a pool that is kept for other programs. */
export interface NativeGeneration {
  generation: number;
  /** What its SandboxWarmPool is called. */
  objectName: string;
  state: GenerationState;
  /** Members that it is to have. */
  replicas: number;
  /** Members that can be claimed; `undefined`: the cluster does not say. */
  ready: number | undefined;
  /** Build that its members are of; absent: its record is gone. */
  buildId?: string;
}

/** What is kept of a pool for other programs. */
export interface NativeDetails {
  wanted: number;
  /** Of all generations; `undefined`: the cluster does not say. */
  ready: number | undefined;
  /** What they are to claim from; absent: nothing. */
  claimFrom?: string;
  /** Where that is. */
  place: string;
  /** Newest first. */
  generations: NativeGeneration[];
  /** Why it is not as it should be. */
  problem?: { reason: string; degradedReason: string; message: string; action?: string };
}

/** @param status as it is now; `undefined`: nothing is kept, and nothing is wanted */
export function nativeDetails(db: Database, status: NativeStatus | undefined): NativeDetails | undefined {
  if (status === undefined) return undefined;
  const things = new KnownThings(db);
  const { wanted, place, failure } = status;
  const current = status.generations.find(({ state }) => state === "current");
  const isKnown = status.generations.every(({ ready }) => ready !== undefined);
  return {
    wanted,
    place,
    ready: isKnown ? status.generations.reduce((sum, { ready = 0 }) => sum + ready, 0) : undefined,
    ...(current && { claimFrom: current.objectName }),
    generations: status.generations.map(({ generation, objectName, state, replicas, ready, templateId }) => {
      const build = things.find(templateId);
      const buildId = build?.kind === "build" && { buildId: build.buildId };
      return { generation, objectName, state, replicas, ready, ...buildId };
    }),
    ...(failure && { problem: { ...failure, message: told(db, status, failure.message) } }),
  };
}

/** What a member says may have a value in it that its template gave it. */
function told(db: Database, { generations }: NativeStatus, message: string): string {
  return generations.reduce((text, { templateId }) => {
    const build = buildOfArtifact(db, templateId);
    return build === undefined ? text : redactorOf(definitionOf(build), isSecretVariable).text(text);
  }, message);
}
