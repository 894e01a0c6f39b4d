import type { NativeGenerationRow } from "../../../store/native-generations.ts";
import type { NativePools } from "../../guests/native-pools.ts";
import type { FailureReason } from "../../guests/start-failure.ts";
import type { WantedNative } from "./plan-native.ts";

/** Why a pool for other programs is not as it should be: a reason of the contract, or what is wrong with the way to the host. */
export type NativeFailureReason =
  | FailureReason
  /** The host does not answer, or is too busy. */
  | "unavailable"
  /** The account of the service may not do what it takes. */
  | "forbidden";

/** What became of a generation. */
export type GenerationState =
  /** It is the one to claim from. */
  | "current"
  /** It is the newest, and fills until half of it is ready. */
  | "coming"
  /** It goes: as its members do, or as soon as the last claim on it is gone. */
  | "leaving"
  /** It stays as it is, as the pool is disabled. */
  | "held";

/** One generation, for people and figures. */
export interface NativeGenerationStatus {
  readonly generation: number;
  readonly objectName: string;
  readonly templateId: string;
  readonly state: GenerationState;
  /** Members that it is to have. */
  readonly replicas: number;
  /** Members that nobody has claimed; `undefined`: it is not known now. */
  readonly members: number | undefined;
  /** Those of them that can be claimed; `undefined`: it is not known now. */
  readonly ready: number | undefined;
}

/** What is kept of a pool for other programs. */
export interface NativeStatus {
  readonly poolId: string;
  /** Of the pool, also of one that is deleted; its id where there is no record of it. */
  readonly name: string;
  /** Members to keep ready; 0 when nothing is wanted any more. */
  readonly wanted: number;
  readonly state: WantedNative["state"];
  /** Where its objects are: a namespace. */
  readonly place: string;
  /** Newest first. */
  readonly generations: readonly NativeGenerationStatus[];
  readonly failure?: NativeFailure | undefined;
}

/** Why a pool is not as it should be. */
export interface NativeFailure {
  readonly reason: NativeFailureReason;
  /** As the pool says it where its own members are well. */
  readonly degradedReason: FailureReason;
  readonly message: string;
  /** What to do, where that is known better than the reason tells. */
  readonly action?: string | undefined;
}

/** @param rows newest first */
export function nativeStatus(
  { poolId, name }: Pick<NativeStatus, "poolId" | "name">,
  wanted: WantedNative,
  rows: readonly NativeGenerationRow[],
  native: NativePools,
  failure: NativeFailure | undefined,
): NativeStatus {
  // Once one is claimed from it stays so until a later one is: the plan's own rule.
  const current = wanted.state === "enabled" ? rows.find(({ currentAtMs }) => currentAtMs !== null) : undefined;
  const stateOf = (row: NativeGenerationRow): GenerationState => {
    if (wanted.state === "disabled") return "held";
    if (wanted.state !== "enabled") return "leaving";
    if (row === current) return "current";
    return row === rows[0] ? "coming" : "leaving";
  };
  return {
    poolId,
    name,
    wanted: wanted.replicas,
    state: wanted.state,
    place: native.place,
    generations: rows.map((row) => {
      const seen = native.isKnown ? (native.observe(row.objectName) ?? { members: 0, ready: 0 }) : undefined;
      const { generation, objectName, templateId, replicas } = row;
      const [members, ready] = [seen?.members, seen?.ready];
      return { generation, objectName, templateId, state: stateOf(row), replicas, members, ready };
    }),
    ...(failure && { failure }),
  };
}
