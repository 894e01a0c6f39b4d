import { InvalidRequestError } from "../../../errors.ts";
import { MAX_POOL_SIZE } from "../pool-settings.ts";

/** Label of a pool: how many machines to keep ready for other programs, beside its own members. */
export const REPLICAS_LABEL = "dev.nullspace/native-replicas";

/** How many members a pool wants kept for other programs; `null`: it wants no such thing. */
export function wantedReplicas(labels: Readonly<Record<string, string>>): number | null {
  const text = Object.hasOwn(labels, REPLICAS_LABEL) ? labels[REPLICAS_LABEL] : undefined;
  return text !== undefined && isCount(text) ? Number(text) : null;
}

/**
 * @param isOn whether this service keeps pools for other programs
 * @throws InvalidRequestError for a pool that asks for what it cannot have
 */
export function assertReplicas(labels: Readonly<Record<string, string>> | undefined, isOn: boolean): void {
  if (labels === undefined || !Object.hasOwn(labels, REPLICAS_LABEL)) return;
  const text = labels[REPLICAS_LABEL] ?? "";
  if (!isOn) {
    throw new InvalidRequestError(
      `The label ${REPLICAS_LABEL} asks for a SandboxWarmPool, and this service keeps none.`,
      { suggestedAction: "Start it with --machines kubernetes --native-pools on, or leave the label out." },
    );
  }
  if (isCount(text)) return;
  throw new InvalidRequestError(
    `The label ${REPLICAS_LABEL} is "${text}"; it has to be a number of machines, 0 to ${MAX_POOL_SIZE}.`,
  );
}

function isCount(text: string): boolean {
  return /^(?:0|[1-9]\d{0,2})$/.test(text) && Number(text) <= MAX_POOL_SIZE;
}
