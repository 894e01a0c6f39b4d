import { columns } from "./columns.ts";
import type { Database } from "./database.ts";
import { IS_LIVE } from "./live-machines.ts";

/** Statuses of a machine, as the contract names them. */
export const MACHINE_STATUSES = ["creating", "running", "paused", "destroyed", "error"] as const;
export type MachineState = (typeof MACHINE_STATUSES)[number];

/** A machine as the store keeps it; JSON columns are text here. */
export interface MachineRow {
  machineId: string;
  idempotencyKey: string | null;
  requestDigest: string;
  template: string;
  templateId: string;
  status: MachineState;
  vcpus: number;
  memoryMb: number;
  diskMb: number | null;
  internetAccess: 0 | 1;
  envs: string;
  cwd: string | null;
  metadata: string;
  timeoutMs: number;
  timeoutAction: "destroy" | "hibernate";
  timeoutAtMs: number;
  inactivityTimeoutMs: number | null;
  autoDeleteAfterMs: number | null;
  ephemeral: 0 | 1;
  autoResume: 0 | 1;
  checkout: string | null;
  failure: string | null;
  createdAtMs: number;
  startedAtMs: number | null;
  lastActiveAtMs: number;
  pausedAtMs: number | null;
  endedAtMs: number | null;
}

const MACHINE = columns<MachineRow>({
  machineId: true,
  idempotencyKey: true,
  requestDigest: true,
  template: true,
  templateId: true,
  status: true,
  vcpus: true,
  memoryMb: true,
  diskMb: true,
  internetAccess: true,
  envs: true,
  cwd: true,
  metadata: true,
  timeoutMs: true,
  timeoutAction: true,
  timeoutAtMs: true,
  inactivityTimeoutMs: true,
  autoDeleteAfterMs: true,
  ephemeral: true,
  autoResume: true,
  checkout: true,
  failure: true,
  createdAtMs: true,
  startedAtMs: true,
  lastActiveAtMs: true,
  pausedAtMs: true,
  endedAtMs: true,
});
const SELECT = `SELECT ${MACHINE.select()} FROM machines`;

const TIMED_MEMBERS = [
  "machineId",
  "status",
  "timeoutAction",
  "timeoutAtMs",
  "inactivityTimeoutMs",
  "lastActiveAtMs",
  "ephemeral",
  "pausedAtMs",
  "autoDeleteAfterMs",
] as const satisfies readonly (keyof MachineRow)[];
const TIMED = MACHINE.select(undefined, TIMED_MEMBERS);

/** Of a machine what time does to it. */
export type TimedMachine = Pick<MachineRow, (typeof TIMED_MEMBERS)[number]>;

/** Which machines a list shows. */
export interface MachineFilter {
  statuses: readonly MachineState[];
  /** Equal to the reference that the machine was asked with, or to its artifact. */
  template?: string;
  /** Made from any build of this template. */
  templateKey?: number;
  /** Members that the metadata must have. */
  metadata?: Record<string, unknown>;
  /** Only machines that were recorded before the one with this number. */
  before?: number;
  limit: number;
}

/** A machine with its place in the order in which all machines were recorded. */
export interface NumberedMachine extends MachineRow {
  seq: number;
}

/** The machines. */
export class MachineStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insert(row: MachineRow): void {
    this.#db.run(`INSERT INTO machines ${MACHINE.values()}`, MACHINE.binds(row));
  }

  get(machineId: string): MachineRow | undefined {
    return this.#db.get<MachineRow>(`${SELECT} WHERE machine_id = ?`, [machineId]);
  }

  byIdempotencyKey(key: string): MachineRow | undefined {
    return this.#db.get<MachineRow>(`${SELECT} WHERE idempotency_key = ?`, [key]);
  }

  /** Newest first. */
  list(filter: MachineFilter): NumberedMachine[] {
    // One look for each status, along the index: machines that have ended are many, and most lists are of those that live.
    const rows = filter.statuses.flatMap((status) =>
      this.#db.all<NumberedMachine>(
        `SELECT ${MACHINE.select()}, seq FROM machines
         WHERE status = $status AND seq < $before
           AND ($template IS NULL OR template = $template OR template_id = $template)
           AND ($key IS NULL OR $key = (SELECT template_key FROM builds WHERE builds.template_id = machines.template_id))
           AND NOT EXISTS (
             SELECT 1 FROM json_each($metadata) AS wanted
             WHERE NOT EXISTS (
               SELECT 1 FROM json_each(machines.metadata) AS has
               WHERE has.key = wanted.key AND has.type = wanted.type AND has.value IS wanted.value))
         ORDER BY seq DESC LIMIT $limit`,
        {
          $status: status,
          $template: filter.template ?? null,
          $key: filter.templateKey ?? null,
          $before: filter.before ?? Number.MAX_SAFE_INTEGER,
          $metadata: JSON.stringify(filter.metadata ?? {}),
          $limit: filter.limit,
        },
      ),
    );
    return rows.sort((a, b) => b.seq - a.seq).slice(0, filter.limit);
  }

  /** How many machines are in each state. */
  countByStatus(): Map<MachineState, number> {
    const rows = this.#db.all<{ status: MachineState; count: number }>(
      "SELECT status, count(*) AS count FROM machines GROUP BY status",
    );
    return new Map(rows.map(({ status, count }) => [status, count]));
  }

  /** Machines that are not over. */
  countLive(): number {
    const sql = `SELECT count(*) AS count FROM machines WHERE ${IS_LIVE}`;
    return this.#db.get<{ count: number }>(sql)?.count ?? 0;
  }

  withStatus(status: MachineState): MachineRow[] {
    return this.#db.all<MachineRow>(`${SELECT} WHERE status = ? ORDER BY seq`, [status]);
  }

  /** What time does to the machines that run or are paused. */
  timed(): TimedMachine[] {
    return this.#db.all<TimedMachine>(`SELECT ${TIMED} FROM machines WHERE status IN ('running', 'paused')`);
  }

  /**
   * Changes members of a machine; one that ends loses its variables at once.
   *
   * @param from only while its status is one of these
   * @returns whether it did
   */
  update(machineId: string, wanted: Partial<MachineRow>, from: readonly MachineState[] = MACHINE_STATUSES): boolean {
    // What is over has no use for its variables, which may be secrets.
    const isOver = wanted.status === "destroyed" || wanted.status === "error";
    const change = isOver ? { ...wanted, envs: "{}" } : wanted;
    const set = MACHINE.assignments(change);
    if (set === "") return false;
    return (
      this.#db.run(`UPDATE machines SET ${set} WHERE machine_id = $id AND instr($from, ',' || status || ',') > 0`, {
        ...MACHINE.binds(change),
        $id: machineId,
        $from: `,${from.join(",")},`,
      }) === 1
    );
  }

  /** Forgets machines that ended before `beforeMs`. */
  purge(beforeMs: number): number {
    return this.#db.run(
      `DELETE FROM machines WHERE ended_at_ms < ? AND status IN ('destroyed', 'error')
         AND NOT EXISTS (SELECT 1 FROM guests WHERE guests.machine_id = machines.machine_id)`,
      [beforeMs],
    );
  }
}
