import type { NativeFailureReason } from "./native-status.ts";

/** Is told what happens to pools for other programs; it may not throw. */
export interface NativeObserver {
  /** What a pool should have could not be made, changed or taken away; it is tried again. */
  failed(poolName: string, reason: NativeFailureReason): void;
}
