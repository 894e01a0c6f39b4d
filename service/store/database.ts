import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { asError, StartupError } from "../errors.ts";
import { GroupSync } from "./group-sync.ts";
import { MIGRATIONS, type Migration } from "./migrations/index.ts";

/** A row as SQLite gives it; columns are read through zod or explicit casts at the query. */
export type Row = Record<string, unknown>;

/** Bind values of a statement, by name (`$name` in the text) or by position. */
export type Binds = Record<string, SQLInputValue> | readonly SQLInputValue[];

/**
 * The store: one SQLite file, one writer (this process), every state change in a transaction.
 *
 * Calls are synchronous on purpose: between two `await`s nothing else can run, so a read followed by a write in
 * {@link Database.transaction} is one step for everybody.
 *
 * A commit is seen at once, and survives the end of the process; that it survives a loss of power too, {@link
 * Database.durable} waits for. Whoever tells the outside about a change waits for that first.
 */
export class Database {
  readonly #handle: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** Writes go to the write-ahead log first; absent for a store in memory. */
  readonly #log: GroupSync | undefined;
  /** Count of changed rows up to which all is on the disk. */
  #durableChanges = 0;
  #depth = 0;

  /**
   * Opens (and makes or migrates) the store.
   *
   * @param path file, or `:memory:` for a store that ends with the process
   * @throws StartupError `store_too_new` when a newer version of this service wrote the file, `store_unusable` when it cannot
   *   be opened or is no store
   */
  constructor(path: string, migrations: readonly Migration[] = MIGRATIONS) {
    this.#handle = open(path);
    try {
      this.#migrate(migrations);
      if (path !== ":memory:") this.#log = new GroupSync(`${path}-wal`);
    } catch (error) {
      this.#handle.close();
      throw error;
    }
  }

  /** All rows of a query. */
  all<T extends object = Row>(sql: string, binds: Binds = []): T[] {
    return run(this.#prepare(sql), "all", binds) as T[];
  }

  /** First row of a query, `undefined` when there is none. */
  get<T extends object = Row>(sql: string, binds: Binds = []): T | undefined {
    return run(this.#prepare(sql), "get", binds) as T | undefined;
  }

  /** Runs a statement that changes rows. @returns how many rows it changed */
  run(sql: string, binds: Binds = []): number {
    return Number((run(this.#prepare(sql), "run", binds) as { changes: number | bigint }).changes);
  }

  /**
   * Runs `work` in a transaction: all of its changes or none. Nested calls join the outer transaction.
   *
   * @param work synchronous; a promise would let other requests write into this transaction
   */
  transaction<T>(work: () => T extends Promise<unknown> ? never : T): T {
    if (this.#depth > 0) return work();
    this.#handle.exec("BEGIN IMMEDIATE");
    this.#depth++;
    try {
      const result = work();
      this.#handle.exec("COMMIT");
      return result;
    } catch (error) {
      // A failed COMMIT, or a full disk, may already have rolled back.
      if (this.#handle.isTransaction) this.#handle.exec("ROLLBACK");
      throw error;
    } finally {
      this.#depth--;
    }
  }

  /**
   * Waits until every change so far would survive a loss of power. Calls at the same time share one wait for the disk;
   * when nothing has changed since the last one it costs nothing.
   *
   * @throws the error of a disk that lost something
   */
  async durable(): Promise<void> {
    // A store that was closed has been written out.
    if (this.#log === undefined || !this.isOpen) return;
    const { changes } = this.get<{ changes: number }>("SELECT total_changes() AS changes") as { changes: number };
    if (changes === this.#durableChanges) return;
    await this.#log.sync();
    this.#durableChanges = Math.max(this.#durableChanges, changes);
  }

  /** Writes the write-ahead log into the file, and empties it. */
  foldLog(): void {
    this.get("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /** Whether the store can still be used. */
  get isOpen(): boolean {
    return this.#handle.isOpen;
  }

  /** Closes the file; the write-ahead log is folded in. */
  close(): void {
    if (!this.#handle.isOpen) return;
    this.#statements.clear();
    this.#handle.close();
    this.#log?.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#handle.prepare(sql);
      // Statement texts are constants of this program, so the cache is as small as the program.
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #migrate(migrations: readonly Migration[]): void {
    const done = Number(this.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0);
    const newest = migrations.at(-1)?.number ?? 0;
    if (done > newest) {
      throw new StartupError(
        `The store was written by a newer nullspace-local (schema ${done}, this one knows ${newest}). ` +
          "Upgrade nullspace-local, or start with another data directory (--data).",
        "store_too_new",
      );
    }
    for (const migration of migrations) {
      if (migration.number <= done) continue;
      this.transaction(() => {
        this.#handle.exec(migration.sql);
        this.#handle.exec(`PRAGMA user_version = ${migration.number}`);
      });
    }
  }
}

function open(path: string): DatabaseSync {
  let handle: DatabaseSync | undefined;
  try {
    handle = new DatabaseSync(path, { timeout: 5_000, enableForeignKeyConstraints: true });
    // NORMAL: the file is never torn; when a commit is on the disk is `durable`'s matter, which waits beside the event loop.
    handle.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;");
    // What is deleted is overwritten: variables and keys that are gone are gone from the file, too.
    handle.exec("PRAGMA secure_delete = ON;");
    return handle;
  } catch (error) {
    handle?.close();
    throw new StartupError(
      `The store ${path} cannot be opened: ${asError(error).message}. Repair it, or start with another data directory (--data).`,
      "store_unusable",
      error,
    );
  }
}

function run(statement: StatementSync, method: "all" | "get" | "run", binds: Binds): unknown {
  return Array.isArray(binds)
    ? statement[method](...(binds as readonly SQLInputValue[]))
    : statement[method](binds as Record<string, SQLInputValue>);
}
