import { columns } from "./columns.ts";
import type { Database } from "./database.ts";

/** A generation of a pool that is kept on a cluster for other programs. */
export interface NativeGenerationRow {
  poolId: string;
  /** As the pool's `rolloutGeneration` counts: the last for which it was the newest. */
  generation: number;
  /** What its objects are called. */
  objectName: string;
  /** Where they are. */
  place: string;
  templateId: string;
  /** `namespace/name:tb_…`, for people. */
  resolvedTemplate: string;
  vcpus: number;
  memoryMb: number;
  diskMb: number | null;
  internetAccess: 0 | 1;
  /** As the pool has chosen it. */
  placement: string | null;
  /** Members that were decided on last. */
  replicas: number;
  /** When a member of it was ready for the first time. */
  provenAtMs: number | null;
  /** Since when it is the one to claim from, also when a later one has followed it. */
  currentAtMs: number | null;
  /** JSON array of the members that a disabled pool keeps; `null`: it is not held. */
  held: string | null;
  createdAtMs: number;
  /** The pool's when it was made; `null`: made by a service that did not record it. */
  compatibilityKey: string | null;
}

/** Which one of them. */
export type NativeKey = Pick<NativeGenerationRow, "poolId" | "generation" | "place">;

const ROW = columns<NativeGenerationRow>({
  poolId: true,
  generation: true,
  objectName: true,
  place: true,
  templateId: true,
  resolvedTemplate: true,
  vcpus: true,
  memoryMb: true,
  diskMb: true,
  internetAccess: true,
  placement: true,
  replicas: true,
  provenAtMs: true,
  currentAtMs: true,
  held: true,
  createdAtMs: true,
  compatibilityKey: true,
});
const SELECT = `SELECT ${ROW.select()} FROM native_generations`;

/** What is kept on a cluster for other programs. */
export class NativeGenerationStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insert(row: NativeGenerationRow): void {
    this.#db.run(`INSERT INTO native_generations ${ROW.values()}`, ROW.binds(row));
  }

  /** Those of a pool in a place, the newest first. */
  ofPool(poolId: string, place: string): NativeGenerationRow[] {
    return this.#db.all<NativeGenerationRow>(`${SELECT} WHERE pool_id = ? AND place = ? ORDER BY generation DESC`, [
      poolId,
      place,
    ]);
  }

  /** The pool whose objects in a place are called so. */
  poolOf(objectName: string, place: string): string | undefined {
    return this.#db.get<{ poolId: string }>(
      "SELECT pool_id AS poolId FROM native_generations WHERE object_name = ? AND place = ?",
      [objectName, place],
    )?.poolId;
  }

  /** Pools that have any in a place. */
  pools(place: string): string[] {
    return this.#db
      .all<{ poolId: string }>("SELECT DISTINCT pool_id AS poolId FROM native_generations WHERE place = ?", [place])
      .map(({ poolId }) => poolId);
  }

  /** Everything, wherever it is. */
  all(): NativeGenerationRow[] {
    return this.#db.all<NativeGenerationRow>(`${SELECT} ORDER BY pool_id, generation`);
  }

  update({ poolId, generation, place }: NativeKey, change: Partial<NativeGenerationRow>): void {
    const set = ROW.assignments(change);
    if (set === "") return;
    this.#db.run(`UPDATE native_generations SET ${set} WHERE pool_id = $of AND generation = $nth AND place = $at`, {
      ...ROW.binds(change),
      $of: poolId,
      $nth: generation,
      $at: place,
    });
  }

  /** Its objects are known to be gone. */
  delete({ poolId, generation, place }: NativeKey): void {
    this.#db.run("DELETE FROM native_generations WHERE pool_id = ? AND generation = ? AND place = ?", [
      poolId,
      generation,
      place,
    ]);
  }
}
