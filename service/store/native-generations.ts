import { columns } from "./columns.ts";
import type { Database } from "./database.ts";

/** A generation of a pool that is kept on a cluster for other programs. */
export interface NativeGenerationRow {
  poolId: string;
  /** As the pool's `rolloutGeneration` counts. */
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
}

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

  /** Those of a pool, the newest first. */
  ofPool(poolId: string): NativeGenerationRow[] {
    return this.#db.all<NativeGenerationRow>(`${SELECT} WHERE pool_id = ? ORDER BY generation DESC`, [poolId]);
  }

  /** The pool whose objects are called so. */
  poolOf(objectName: string): string | undefined {
    return this.#db.get<{ poolId: string }>("SELECT pool_id AS poolId FROM native_generations WHERE object_name = ?", [
      objectName,
    ])?.poolId;
  }

  /** Pools that have any. */
  pools(): string[] {
    return this.#db
      .all<{ poolId: string }>("SELECT DISTINCT pool_id AS poolId FROM native_generations ORDER BY pool_id")
      .map(({ poolId }) => poolId);
  }

  /** Everything, wherever it is. */
  all(): NativeGenerationRow[] {
    return this.#db.all<NativeGenerationRow>(`${SELECT} ORDER BY pool_id, generation`);
  }

  update(poolId: string, generation: number, change: Partial<NativeGenerationRow>): void {
    const set = ROW.assignments(change);
    if (set === "") return;
    this.#db.run(`UPDATE native_generations SET ${set} WHERE pool_id = $ofPool AND generation = $ofGeneration`, {
      ...ROW.binds(change),
      $ofPool: poolId,
      $ofGeneration: generation,
    });
  }

  /** Its objects are known to be gone. */
  delete(poolId: string, generation: number): void {
    this.#db.run("DELETE FROM native_generations WHERE pool_id = ? AND generation = ?", [poolId, generation]);
  }
}
