/**
 * How a request for a machine ended: with a member of a pool (`hit`), with a cold start although a pool was asked (`miss`),
 * with one and no pool asked (`cold`), refused for what it was or for what there is (`refused`), or by a machine that did
 * not come up or an engine that is away (`failed`).
 */
export type ClaimResult = "hit" | "miss" | "cold" | "refused" | "failed";

/** Is told how requests for machines end, for figures. It changes nothing, returns at once, and must not throw. */
export interface MachineObserver {
  claimed(result: ClaimResult, tookMs: number): void;
}
