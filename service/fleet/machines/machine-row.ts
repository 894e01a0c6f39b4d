import type { WarmPoolCheckout } from "pulumi-nullspace/wire";
import { newId } from "../../ids.ts";
import type { MachineShape } from "../guests/machine-shape.ts";
import type { MachineRow } from "../../store/machines.ts";
import type { MachineWish } from "./machine-request.ts";

/**
 * A machine that is being created.
 *
 * @param checkout the answer of its checkout; `null` when no pool was considered
 */
export function machineRow(
  idempotencyKey: string,
  wish: MachineWish,
  template: string,
  shape: MachineShape,
  checkout: WarmPoolCheckout | null,
): MachineRow {
  const nowMs = Date.now();
  return {
    machineId: newId("mch_"),
    idempotencyKey,
    requestDigest: wish.digest,
    template,
    templateId: shape.templateId,
    status: "creating",
    vcpus: shape.vcpus,
    memoryMb: shape.memoryMb,
    diskMb: shape.diskMb,
    internetAccess: shape.internetAccess ? 1 : 0,
    envs: JSON.stringify(wish.envs),
    cwd: wish.cwd,
    metadata: JSON.stringify(wish.metadata),
    timeoutMs: wish.timeoutMs,
    timeoutAction: wish.timeoutAction,
    timeoutAtMs: nowMs + wish.timeoutMs,
    inactivityTimeoutMs: wish.inactivityTimeoutMs,
    autoDeleteAfterMs: wish.autoDeleteAfterMs,
    ephemeral: wish.ephemeral ? 1 : 0,
    autoResume: wish.autoResume ? 1 : 0,
    checkout: checkout === null ? null : JSON.stringify(checkout),
    failure: null,
    createdAtMs: nowMs,
    startedAtMs: null,
    lastActiveAtMs: nowMs,
    pausedAtMs: null,
    endedAtMs: null,
  };
}
