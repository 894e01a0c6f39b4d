import { createHash } from "node:crypto";
import { parseTemplateRef, type CreateMachineRequest } from "pulumi-nullspace/sdk";
import { InvalidRequestError, ServiceError } from "../../errors.ts";

/** Machines live this long unless the request says otherwise; the contract's default. */
const DEFAULT_TIMEOUT_MS = 300_000;

/** Longest life that can be asked for; a forgotten machine ends at last. */
export const MAX_TIMEOUT_MS = 7 * 24 * 3600 * 1000;

/** Longest wait for a pool's member. */
const MAX_WAIT_MS = 600_000;

/** Template of a request that names none, and no pool either. */
export const DEFAULT_TEMPLATE = "base";

/** A create request with its defaults; sizes that it leaves open stay open, for the pool or the default to fill. */
export interface MachineWish {
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
  readonly pool: PoolWish | undefined;
  /** What a member of a pool, which runs already, cannot be given any more, in words. */
  readonly unpoolable: string | undefined;
  /** Digest of the request: the same key with another one is another request. */
  readonly digest: string;
}

/** The request's `warm_pool`. */
export interface PoolWish {
  readonly id: string | undefined;
  /** Absent: the pool's own policy. */
  readonly mode: "prefer" | "require" | "bypass" | undefined;
  readonly waitMs: number;
}

/** What a request without sizes and without a pool gets; the contract's defaults. */
export const DEFAULT_SIZE = { vcpus: 1, memoryMb: 256 } as const;

/** Reads a create request. @throws InvalidRequestError; ServiceError `not_implemented` for what this service has not */
export function readMachineWish(request: CreateMachineRequest): MachineWish {
  refuseUnsupported(request);
  const timeoutMs = request.timeout_ms ?? DEFAULT_TIMEOUT_MS;
  checkTimeout(timeoutMs);
  const onTimeout = request.lifecycle?.on_timeout;
  const pool = request.warm_pool ?? undefined;
  if (pool !== undefined && pool.id === undefined && pool.mode !== "bypass") {
    throw new InvalidRequestError(
      `warm_pool.id is missing; only mode bypass does without, and the mode is ${pool.mode ?? "not set"}.`,
    );
  }
  if ((pool?.wait_ms ?? 0) > MAX_WAIT_MS) {
    throw new InvalidRequestError(`warm_pool.wait_ms is ${pool?.wait_ms}; at most ${MAX_WAIT_MS} can be waited.`);
  }
  if (request.ephemeral && request.auto_resume) {
    throw new InvalidRequestError(
      "ephemeral contradicts auto_resume: an ephemeral machine is destroyed, not put to sleep.",
    );
  }
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
    timeoutAction: request.timeout_action ?? (onTimeout === "pause" ? "hibernate" : "destroy"),
    inactivityTimeoutMs: request.inactivity_timeout_ms ?? null,
    autoDeleteAfterMs: request.auto_delete_after_ms ?? null,
    ephemeral: request.ephemeral ?? false,
    autoResume: request.auto_resume ?? false,
    pool: pool && { id: pool.id, mode: pool.mode, waitMs: pool.wait_ms ?? 0 },
    unpoolable: unpoolable(request),
    digest: createHash("sha256").update(canonicalJson(request)).digest("hex"),
  };
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
  const asked: Record<string, unknown> = {
    snapshot_id: request.snapshot_id,
    volumes: request.volumes,
    network: request.network,
    desktop: request.desktop,
  };
  for (const [member, value] of Object.entries(asked)) {
    const isEmpty =
      value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0);
    if (isEmpty) continue;
    throw new ServiceError(`The local service has no ${member.replace("_id", "")}s: leave ${member} out.`, {
      code: "not_implemented",
      status: 400,
      retryable: false,
      suggestedAction: "Use the hosted service (NULLSPACE_API_URL) for this machine.",
    });
  }
}

/** JSON with sorted keys: a client that spells the same request in another order means the same request. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === "object" && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
