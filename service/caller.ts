import { AsyncLocalStorage } from "node:async_hooks";

/** Who does something: a key, or the service itself. */
export interface Caller {
  /** `key_…`; `null` for the service, and for a key that lives in no store. */
  readonly keyId: string | null;
  /** As records and answers name it. */
  readonly name: string;
}

/** Nobody asked for it: what timers and start-up do. */
export const SERVICE: Caller = { keyId: null, name: "service" };

/**
 * Who asked for what is being done. It goes with the request through all that the request awaits, because a record of a
 * change is written far below the place where the key was read.
 */
const callers = new AsyncLocalStorage<Caller>();

/** Does `work` in the name of a caller. */
export function asCaller<T>(caller: Caller, work: () => T): T {
  return callers.run(caller, work);
}

/** In whose name something is done now. */
export function currentCaller(): Caller {
  return callers.getStore() ?? SERVICE;
}
