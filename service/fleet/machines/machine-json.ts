import { createHash } from "node:crypto";
import { type CreateMachineRequest, parseTemplateRef } from "pulumi-nullspace/sdk";
import { MACHINE_DEFAULTS, type Machine, type WarmPoolCheckout } from "pulumi-nullspace/wire";
import * as z from "zod";
import { canonicalJson } from "../../canonical-json.ts";
import { InvalidRequestError, NotOfferedError } from "../../errors.ts";
import { newId } from "../../ids.ts";
import type { Database } from "../../store/database.ts";
import {
  MACHINE_STATUSES,
  type MachineFilter,
  type MachineRow,
  type MachineState,
  type NumberedMachine,
} from "../../store/machines.ts";
import type { PoolRow } from "../../store/warm-pools.ts";
import { type ResolvedTemplate, resolveTemplate } from "../../templates/resolve.ts";
import type { MachineCapabilities } from "../guests/machine-driver.ts";
import type { MachineShape } from "../guests/machine-shape.ts";
import type { PoolCheckout, WantedMachine } from "../guests/pool-checkout.ts";

/** Longest life that can be asked for; a forgotten machine ends at last. */
export const MAX_TIMEOUT_MS = 7 * 24 * 3600 * 1000;

/** Longest wait for a pool's member. */
const MAX_WAIT_MS = 600_000;

/** A create request with its defaults; sizes that it leaves open stay open, for the pool or the default to fill. */
export interface MachineSpec {
  /** As asked for; absent: the pool's, else `base`. */
  readonly template: string | undefined;
  readonly vcpus: number | undefined;
  readonly memoryMb: number | undefined;
  readonly diskMb: number | undefined;
  readonly internetAccess: boolean;
  readonly envs: Record<string, string>;
  readonly cwd: string | null;
  readonly metadata: Record<string, unknown>;
  readonly timeoutMs: number;
  readonly timeoutAction: "destroy" | "hibernate";
  readonly inactivityTimeoutMs: number | null;
  readonly autoDeleteAfterMs: number | null;
  readonly ephemeral: boolean;
  readonly autoResume: boolean;
  readonly pool: PoolChoice | undefined;
  /** What a member of a pool, which runs already, cannot be given any more, in words. */
  readonly unpoolable: string | undefined;
  /** Digest of the request: the same key with another one is another request. */
  readonly digest: string;
}

/** The request's `warm_pool`. */
export interface PoolChoice {
  readonly id: string | undefined;
  /** Absent: the pool's own policy. */
  readonly mode: "prefer" | "require" | "bypass" | undefined;
  readonly waitMs: number;
}

/**
 * Reads a create request.
 *
 * @param capabilities of what will run the machine
 * @throws InvalidRequestError; NotOfferedError
 */
export function readMachineSpec(request: CreateMachineRequest, capabilities: MachineCapabilities): MachineSpec {
  refuseUnsupported(request);
  if (request.internet_access === false && !capabilities.isolates) {
    const why = capabilities.whyNotIsolated === undefined ? "" : ` (${capabilities.whyNotIsolated})`;
    const action = `Leave internet_access out${why}.`;
    throw new NotOfferedError("machines without internet access here", action, "internet_access");
  }
  const timeoutMs = request.timeout_ms ?? MACHINE_DEFAULTS.timeout_ms;
  checkTimeout(timeoutMs);
  const onTimeout = request.lifecycle?.on_timeout;
  const pool = request.warm_pool ?? undefined;
  if (pool !== undefined && pool.id === undefined && pool.mode !== "bypass") {
    throw new InvalidRequestError(
      `warm_pool.id is missing; only mode bypass does without, and the mode is ${pool.mode ?? "not set"}.`,
    );
  }
  if ((pool?.wait_ms ?? 0) > MAX_WAIT_MS) {
    throw new InvalidRequestError(`warm_pool.wait_ms is ${pool?.wait_ms}; the longest wait is ${MAX_WAIT_MS} ms.`);
  }
  if (request.ephemeral && request.auto_resume) {
    throw new InvalidRequestError(
      "ephemeral contradicts auto_resume: an ephemeral machine is destroyed, not put to sleep.",
    );
  }
  const timeoutAction = request.timeout_action ?? (onTimeout === "pause" ? "hibernate" : "destroy");
  if (timeoutAction === "hibernate")
    checkHibernation(capabilities, request.timeout_action ? "timeout_action" : "lifecycle");
  return {
    template: request.template,
    vcpus: request.vcpus,
    memoryMb: request.memory_mb,
    diskMb: request.disk_mb ?? undefined,
    internetAccess: request.internet_access ?? true,
    envs: request.envs ?? {},
    cwd: request.cwd ?? null,
    metadata: request.metadata ?? {},
    timeoutMs,
    timeoutAction,
    inactivityTimeoutMs: request.inactivity_timeout_ms ?? null,
    autoDeleteAfterMs: request.auto_delete_after_ms ?? null,
    ephemeral: request.ephemeral ?? false,
    autoResume: request.auto_resume ?? false,
    pool: pool && { id: pool.id, mode: pool.mode, waitMs: pool.wait_ms ?? 0 },
    unpoolable: unpoolable(request),
    digest: createHash("sha256").update(canonicalJson(request)).digest("hex"),
  };
}

/** @param member of the request, that asks for it @throws NotOfferedError where machines cannot be paused */
export function checkHibernation({ pauses }: MachineCapabilities, member: string): void {
  if (!pauses) throw new NotOfferedError("hibernation of machines here", "Have the machine destroyed.", member);
}

/** Whether a reference names one build or artifact and no other will do. */
export function isExactRef(ref: string): boolean {
  const parsed = parseTemplateRef(ref);
  return parsed.kind === "artifact" || parsed.buildId !== undefined;
}

/** @throws InvalidRequestError when a machine cannot be given that long to live */
export function checkTimeout(timeoutMs: number): void {
  if (timeoutMs > MAX_TIMEOUT_MS) {
    throw new InvalidRequestError(`timeout_ms is ${timeoutMs}; a machine lives at most ${MAX_TIMEOUT_MS} (7 days).`);
  }
}

/** A member runs before anybody asks for it: what is given at the start, or changes how it ends, it cannot have. */
function unpoolable(request: CreateMachineRequest): string | undefined {
  const { envs, cwd, timeout_action: action, lifecycle, auto_resume: autoResume } = request;
  const asked = [
    Object.keys(envs ?? {}).length > 0 && "envs",
    cwd !== undefined && cwd !== null && "cwd",
    (action === "hibernate" || (action == null && lifecycle?.on_timeout === "pause")) &&
      "a timeout action other than destroy",
    autoResume === true && "auto_resume",
  ].filter((each) => each !== false);
  return asked.length === 0 ? undefined : `it is asked for with ${asked.join(", ")}`;
}

/** A machine without what was asked for would be another machine, so nothing is left out in silence. */
function refuseUnsupported(request: CreateMachineRequest): void {
  const asked = [
    ["snapshots", "snapshot_id"],
    ["volumes", "volumes"],
    ["network rules", "network"],
    ["desktops", "desktop"],
  ] as const;
  for (const [what, member] of asked) {
    const value = request[member];
    const isEmpty =
      value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0);
    if (isEmpty) continue;
    throw new NotOfferedError(what, `Leave ${member} out, or use the hosted service (NULLSPACE_API_URL).`, member);
  }
}

/**
 * The machine that a request means at this moment.
 *
 * @param ref its template, or that of its pool
 * @throws TemplateNotFoundError
 */
export function wantedMachine(
  { db, pools }: { readonly db: Database; readonly pools: PoolCheckout },
  spec: MachineSpec,
  ref: string,
  pool: PoolRow | undefined,
): WantedMachine {
  // Without a template of its own a request means what the pool holds, be it pinned or followed.
  const isOfPool = spec.template === undefined && pool !== undefined;
  const template = resolveTemplate(db, isOfPool ? pools.heldRef(pool) : ref);
  return {
    ...shapeOf(spec, pool, template),
    isExact: !isOfPool && isExactRef(ref),
    ...(spec.unpoolable !== undefined && { unpoolable: spec.unpoolable }),
  };
}

function shapeOf(spec: MachineSpec, pool: PoolRow | undefined, template: ResolvedTemplate): MachineShape {
  return {
    templateId: template.templateId,
    // What a request leaves open takes the pool's size, so that leaving it open can never make a request unpoolable.
    vcpus: spec.vcpus ?? pool?.vcpus ?? MACHINE_DEFAULTS.vcpus,
    memoryMb: spec.memoryMb ?? pool?.memoryMb ?? MACHINE_DEFAULTS.memory_mb,
    diskMb: spec.diskMb ?? pool?.diskMb ?? null,
    // A template built to run without internet has none in any machine; a request can only take away.
    internetAccess: spec.internetAccess && template.resources.internetAccess,
    placement: pool?.placement ?? null,
    placementKey: pool?.placementKey ?? null,
  };
}

/**
 * A machine that is being created.
 *
 * @param checkout the answer of its checkout; `null` when no pool was considered
 */
export function machineRow(
  idempotencyKey: string,
  spec: MachineSpec,
  template: string,
  shape: MachineShape,
  checkout: WarmPoolCheckout | null,
): MachineRow {
  const nowMs = Date.now();
  return {
    machineId: newId("mch_"),
    idempotencyKey,
    requestDigest: spec.digest,
    template,
    templateId: shape.templateId,
    status: "creating",
    vcpus: shape.vcpus,
    memoryMb: shape.memoryMb,
    diskMb: shape.diskMb,
    internetAccess: shape.internetAccess ? 1 : 0,
    envs: JSON.stringify(spec.envs),
    cwd: spec.cwd,
    metadata: JSON.stringify(spec.metadata),
    timeoutMs: spec.timeoutMs,
    timeoutAction: spec.timeoutAction,
    timeoutAtMs: nowMs + spec.timeoutMs,
    inactivityTimeoutMs: spec.inactivityTimeoutMs,
    autoDeleteAfterMs: spec.autoDeleteAfterMs,
    ephemeral: spec.ephemeral ? 1 : 0,
    autoResume: spec.autoResume ? 1 : 0,
    checkout: checkout === null ? null : JSON.stringify(checkout),
    failure: null,
    createdAtMs: nowMs,
    startedAtMs: null,
    lastActiveAtMs: nowMs,
    pausedAtMs: null,
    endedAtMs: null,
  };
}

/** The answer of the contract for a machine. The published client refuses nulls here, so what is absent is left out. */
export function machineAnswer(row: MachineRow, nowMs: number): Machine {
  const isLive = row.status === "creating" || row.status === "running";
  const timeoutAt = new Date(row.timeoutAtMs).toISOString();
  return {
    id: row.machineId,
    template: row.template,
    status: row.status,
    config: machineConfig(row),
    created_at: new Date(row.createdAtMs).toISOString(),
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    ...(row.startedAtMs !== null && { started_at: new Date(row.startedAtMs).toISOString() }),
    timeout_ms: row.timeoutMs,
    timeout_action: row.timeoutAction,
    ...(isLive && {
      timeout_at: timeoutAt,
      expires_at: timeoutAt,
      remaining_ms: Math.max(0, row.timeoutAtMs - nowMs),
    }),
    last_active_at: new Date(row.lastActiveAtMs).toISOString(),
    ...(row.cwd !== null && { cwd: row.cwd }),
    ...(row.inactivityTimeoutMs !== null && { inactivity_timeout_ms: row.inactivityTimeoutMs }),
    ...(row.autoDeleteAfterMs !== null && { auto_delete_after_ms: row.autoDeleteAfterMs }),
    ephemeral: row.ephemeral === 1,
    ...(row.checkout !== null && { warm_pool_checkout: JSON.parse(row.checkout) as WarmPoolCheckout }),
    // Beyond the contract: why a machine is in error.
    ...(row.failure !== null && { error: row.failure }),
  };
}

/** The size of a machine, as answers carry it. */
export function machineConfig(row: MachineRow): Machine["config"] {
  return {
    vcpus: row.vcpus,
    memory_mb: row.memoryMb,
    ...(row.diskMb !== null && { disk_mb: row.diskMb }),
  };
}

/** Machines of a page unless the query says otherwise. */
const DEFAULT_PAGE_SIZE = 100;

/** What a list shows unless it is asked for more: machines that are not over. */
const LIVE: readonly MachineState[] = ["creating", "running", "paused"];

const MetadataFilter = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** The list's query, read. */
export interface MachineListQuery {
  readonly filter: Omit<MachineFilter, "limit">;
  readonly pageSize: number;
}

/** Reads the query of a list. @throws InvalidRequestError naming the parameter */
export function readMachineListQuery(query: {
  state?: string | undefined;
  template?: string | undefined;
  metadata?: string | undefined;
  limit?: number | undefined;
  next_token?: string | undefined;
}): MachineListQuery {
  return {
    filter: {
      statuses: readStatuses(query.state),
      ...(query.template !== undefined && { template: query.template }),
      ...(query.metadata !== undefined && { metadata: readMetadata(query.metadata) }),
      ...(query.next_token !== undefined && { before: readNextToken(query.next_token) }),
    },
    pageSize: query.limit ?? DEFAULT_PAGE_SIZE,
  };
}

/** Token of the page behind a machine. */
export function writeNextToken({ seq }: NumberedMachine): string {
  return `before-${seq}`;
}

function readNextToken(token: string): number {
  const [, seq] = /^before-(\d{1,15})$/.exec(token) ?? [];
  if (seq !== undefined) return Number(seq);
  throw new InvalidRequestError(
    "next_token: this is not one. Pass the next_token of the previous page, or leave it out.",
  );
}

function readStatuses(text: string | undefined): readonly MachineState[] {
  if (text === undefined) return LIVE;
  const words = text.split(",").map((word) => word.trim());
  const unknown = words.filter((word) => !(MACHINE_STATUSES as readonly string[]).includes(word));
  if (unknown.length === 0) return words as MachineState[];
  throw new InvalidRequestError(
    `state: there is no "${unknown.join('", "')}". Choose from ${MACHINE_STATUSES.join(", ")}.`,
  );
}

function readMetadata(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidRequestError(`metadata: ${text} is not JSON.`, { cause: error });
  }
  const parsed = MetadataFilter.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidRequestError("metadata: must be a JSON object whose values are strings, numbers, booleans or null.");
}
