import type { Readiness } from "pulumi-nullspace/sdk";
import type { MachineArtifact } from "./machine-driver.ts";

/** What makes the members of one generation of a pool. */
export interface NativeBlueprint {
  readonly artifact: MachineArtifact;
  readonly readiness: Readiness | undefined;
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskMb?: number;
  readonly internetAccess: boolean;
  /** As of a `GuestSpec`. */
  readonly placement?: string;
}

/** One generation of a pool as it should be on the host. */
export interface NativeGeneration {
  /** What its objects are called; by {@link NativePools.nameOf}. */
  readonly objectName: string;
  readonly poolId: string;
  readonly poolName: string;
  /** As the pool's `rollout_generation` counts. */
  readonly generation: number;
  readonly templateId: string;
  /** `namespace/name:tb_…`, for people. */
  readonly resolvedTemplate: string;
  /** It is the one that other programs should claim from. */
  readonly isCurrent: boolean;
  /** Members to keep. */
  readonly replicas: number;
  /** Absent: what makes its members stays as it is, as the artifact is gone. */
  readonly blueprint?: NativeBlueprint | undefined;
}

/** One generation as it is on the host. */
export interface ObservedGeneration {
  /** Members that nobody has claimed. */
  readonly members: number;
  /** Those of them that can be claimed. */
  readonly ready: number;
  /** The numbers are of what was asked for last. */
  readonly isSettled: boolean;
}

/** A member that nobody has claimed. */
export interface NativeMember {
  readonly name: string;
  readonly isReady: boolean;
}

/**
 * Pools on the host of the machines that other programs claim from by the host's own means. The service keeps them; who has
 * claimed a member, and what becomes of it, is none of its business.
 *
 * Everything is told of what this service has made alone, and nothing else is ever changed. Calls may be repeated.
 */
export interface NativePools {
  /** Whether there are to be any; if not, only what was left by an earlier start is taken away. */
  readonly isOn: boolean;
  /** Where their objects are: a namespace. */
  readonly place: string;
  /** Whether what {@link observe} says is what there is. */
  readonly isKnown: boolean;
  /** Why it is not, if something is wrong. */
  readonly problem: Error | undefined;
  /** What the objects of a generation are called: once given, it stays when the pool is renamed. */
  nameOf(pool: { readonly poolId: string; readonly name: string; readonly generation: number }): string;
  /** What there is of generations, also of those that nobody has a record of. */
  names(): readonly string[];
  /** One generation as it was told last; `undefined`: there is no such thing. */
  observe(objectName: string): ObservedGeneration | undefined;
  /**
   * Makes a generation, or puts it right; asks for nothing when it is as it should be.
   *
   * @returns `false` when it is to be tried again soon: it still goes away, or others have changed it at the same moment
   * @throws MachineRefusedError when the host does not take it; EngineUnavailableError; PermissionMissingError
   */
  apply(generation: NativeGeneration, signal: AbortSignal): Promise<boolean>;
  /** Who changes a generation as often as it is put right, if somebody does: that goes on, but not for every change. */
  disputed(objectName: string): Error | undefined;
  /** Members that nobody has claimed, in the order of their age. @throws EngineUnavailableError */
  members(objectName: string, signal: AbortSignal): Promise<NativeMember[]>;
  /** Whether somebody has claimed from it, or wants to. @throws EngineUnavailableError */
  hasClaims(objectName: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Why members of a generation do not get ready, if they do not by now; `undefined` while they may.
   *
   * @throws EngineUnavailableError
   */
  failureOf(objectName: string, blueprint: NativeBlueprint, signal: AbortSignal): Promise<Error | undefined>;
  /** Takes a generation away, with the members that nobody has claimed. Those that were claimed live on. @throws EngineUnavailableError */
  remove(objectName: string, signal: AbortSignal): Promise<void>;
  /**
   * Tells when a generation is otherwise than before, and when everything is known again (`undefined`), until the signal ends
   * it. It never throws.
   */
  follow(onChange: (objectName: string | undefined) => void, signal: AbortSignal): Promise<void>;
}
