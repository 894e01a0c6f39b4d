import { ConflictError, InvalidRequestError, ResourceNotFoundError } from "../../errors.ts";

/** 404 `warm_pool_not_found`. */
export class WarmPoolNotFoundError extends ResourceNotFoundError {
  readonly poolId: string;

  constructor(poolId: string) {
    super("warm_pool_not_found", `There is no warm pool "${poolId}".`, {
      suggestedAction: "List them with GET /v1/template-warm-pools, or `nullspace template warm-pool list`.",
    });
    this.poolId = poolId;
  }
}

/** 409 `conflict`: another live pool has the name. */
export class PoolNameTakenError extends ConflictError {
  readonly poolId: string;

  constructor(name: string, poolId: string) {
    super(`The name "${name}" belongs to warm pool ${poolId}.`, {
      suggestedAction: "Choose another name, update that pool, or delete it first.",
    });
    this.poolId = poolId;
  }
}

/** 409 `conflict`: a deleted pool cannot be changed any more. */
export class PoolDeletedError extends ConflictError {
  constructor(poolId: string, action: string) {
    super(`Warm pool ${poolId} is deleted; it cannot be ${action}.`, { suggestedAction: "Create a new pool." });
  }
}

/** 409 `warm_pool_unavailable`: a machine was required of a pool that has none to give. */
export class WarmPoolUnavailableError extends ConflictError {
  /** @param mayCome whether the pool may have one later, as it is now */
  constructor(poolId: string, reason: string, mayCome: boolean) {
    super(`Warm pool ${poolId} has no machine to give: ${reason}.`, {
      code: "warm_pool_unavailable",
      retryable: mayCome,
      suggestedAction: mayCome
        ? "Wait longer (wait_ms), raise the pool's min_ready, or let a cold start help (mode prefer)."
        : "Enable the pool, name another one, or let a cold start help (mode prefer).",
    });
  }
}

/** 400: a machine was required of a pool whose machines cannot stand in for it. */
export class UnpoolableRequestError extends InvalidRequestError {
  constructor(poolId: string, reason: string) {
    super(`The machine asked for cannot come from warm pool ${poolId}: ${reason}.`, {
      suggestedAction: "Ask for what the pool holds, name another pool, or let a cold start help (mode prefer).",
    });
  }
}
