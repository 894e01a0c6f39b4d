import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { asError, DiskFullError, StartupError } from "../errors.ts";
import { diskFullAtStart, type DiskRoom } from "./disk-room.ts";
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
  /** The transaction that runs adds what can be asked for again. */
  #isGrowing = false;
  /** The room on the disk; absent for a store in memory, and where nobody looks after it. */
  readonly room: DiskRoom | undefined;

  /**
   * Opens (and makes or migrates) the store.
   *
   * @param path file, or `:memory:` for a store that ends with the process
   * @param room of the disk that the file is on. Default: a full disk is an error like any other
   * @throws StartupError `store_too_new` when a newer version of this service wrote the file, `disk_full` when there is not
   *   even room to open it, `store_unusable` when it cannot be opened or is no store
   */
  constructor(path: string, migrations: readonly Migration[] = MIGRATIONS, room?: DiskRoom) {
    this.room = room;
    this.#handle = open(path, room);
    try {
      this.#migrate(migrations);
      if (path !== ":memory:") this.#log = new GroupSync(`${path}-wal`);
    } catch (error) {
      this.#handle.close();
      throw error instanceof DiskFullError ? diskFullAtStart(error.folder, error) : error;
    }
  }

  /** All rows of a query. */
  all<T extends object = Row>(sql: string, binds: Binds = []): T[] {
    return this.#withReserve(() => run(this.#prepare(sql), "all", binds) as T[]);
  }

  /** First row of a query, `undefined` when there is none. */
  get<T extends object = Row>(sql: string, binds: Binds = []): T | undefined {
    return this.#withReserve(() => run(this.#prepare(sql), "get", binds) as T | undefined);
  }

  /** Runs a statement that changes rows. @returns how many rows it changed @throws DiskFullError */
  run(sql: string, binds: Binds = []): number {
    return this.#withReserve(() =>
      Number((run(this.#prepare(sql), "run", binds) as { changes: number | bigint }).changes),
    );
  }

  /**
   * Runs `work` in a transaction: all of its changes or none. Nested calls join the outer transaction. On a full disk it
   * may take what is held back there, and `work` then runs again from the start; see {@link Database.grow}.
   *
   * @param work synchronous; a promise would let other requests write into this transaction
   * @throws DiskFullError when nothing is held back any more
   */
  transaction<T>(work: () => T extends Promise<unknown> ? never : T): T {
    if (this.#depth > 0) return work();
    return this.#withReserve(() => this.#begin(work));
  }

  /**
   * Runs `work` in a transaction, as {@link Database.transaction} does, that adds what can be asked for again: it is refused
   * while the disk is full, and leaves what is held back to others. A transaction that it is part of becomes one of its kind.
   *
   * @throws DiskFullError
   */
  grow<T>(work: () => T extends Promise<unknown> ? never : T): T {
    this.room?.assert();
    this.#isGrowing = true;
    if (this.#depth > 0) return work();
    return this.#withReserve(() => this.#begin(work));
  }

  /**
   * Waits until every change so far would survive a loss of power. Calls at the same time share one wait for the disk;
   * when nothing has changed since the last one it costs nothing.
   *
   * @throws the error of a disk that lost something; DiskFullError when it did so because it is full
   */
  async durable(): Promise<void> {
    // A store that was closed has been written out.
    if (this.#log === undefined || !this.isOpen) return;
    const { changes } = this.get<{ changes: number }>("SELECT total_changes() AS changes") as { changes: number };
    if (changes === this.#durableChanges) return;
    try {
      await this.#log.sync();
    } catch (error) {
      if (this.room?.isFull(error) !== true) throw error;
      // What was written is in doubt, and stays so: only a new start reads what the disk really has.
      const suggestedAction = "Make room on that disk, and start the service again.";
      throw new DiskFullError(this.room.folder, { retryable: false, suggestedAction, cause: error });
    }
    this.#durableChanges = Math.max(this.#durableChanges, changes);
  }

  /** Reads something of the file. @throws when it cannot be read */
  probe(): void {
    this.get("SELECT count(*) AS count FROM sqlite_schema");
  }

  /** Writes the write-ahead log into the file, and empties it. */
  foldLog(): void {
    this.get("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /** Gives free pages back to the disk, a few at a time. @returns whether there are more of them than a store may have */
  shrink(): boolean {
    const { free } = this.get<{ free: number }>("SELECT freelist_count AS free FROM pragma_freelist_count") as {
      free: number;
    };
    if (free < FREE_PAGES) return false;
    this.all(`PRAGMA incremental_vacuum(${FREE_PAGES})`);
    const { left } = this.get<{ left: number }>("SELECT freelist_count AS left FROM pragma_freelist_count") as {
      left: number;
    };
    // A store that was made before pages could be given back keeps them, and uses them again.
    return left < free && left >= FREE_PAGES;
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

  #begin<T>(work: () => T): T {
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

  /** Runs what is one transaction by itself, and again as long as a full disk stops it and something is held back for it. */
  #withReserve<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    try {
      for (;;) {
        try {
          return work();
        } catch (error) {
          if (this.room?.isFull(error) !== true) throw error;
          if (this.#isGrowing || !this.room.giveUp()) throw new DiskFullError(this.room.folder, { cause: error });
        }
      }
    } finally {
      this.#isGrowing = false;
    }
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

/**
 * Without `EXCLUSIVE`, SQLite maps a file into memory that it has reserved no more than one byte of each page for. Where that
 * does not reserve the page - because blocks are smaller, or because a page that is written again takes a new place, as on
 * btrfs - a full disk or a quota that is used up would kill the process with SIGBUS at a write into memory.
 */
function lockingMode(path: string): "EXCLUSIVE" | "NORMAL" {
  if (path === ":memory:") return "NORMAL";
  const { bsize, type } = statfsSync(dirname(path));
  const mayMove = process.platform === "linux" && !WRITES_IN_PLACE.has(type);
  return bsize < SHARED_PAGE_BYTES || mayMove ? "EXCLUSIVE" : "NORMAL";
}

/** File systems of Linux in which what is written again stays where it was: ext4, XFS, tmpfs; and overlays, mostly on these. */
const WRITES_IN_PLACE: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x01021994, 0x794c7630]);

/** Free pages that a store keeps for what comes next, and that are given back at a time: 4 MiB. */
const FREE_PAGES = 1024;

/** What SQLite's unix VFS writes one byte of, to reserve it (os_unix.c, unixShmMap). */
const SHARED_PAGE_BYTES = 4096;

function open(path: string, room: DiskRoom | undefined): DatabaseSync {
  let handle: DatabaseSync | undefined;
  try {
    handle = new DatabaseSync(path, { timeout: 5_000, enableForeignKeyConstraints: true });
    handle.exec(`PRAGMA locking_mode = ${lockingMode(path)}`);
    // Pages that are free can be given back; what is asked of a store that has been made stays as it was.
    handle.exec("PRAGMA auto_vacuum = INCREMENTAL");
    // NORMAL: the file is never torn; when a commit is on the disk is `durable`'s matter, which waits beside the event loop.
    handle.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;");
    // What is deleted is overwritten: variables and keys that are gone are gone from the file, too.
    handle.exec("PRAGMA secure_delete = ON;");
    return handle;
  } catch (error) {
    handle?.close();
    if (room?.isFull(error) === true) {
      if (room.giveUp()) return open(path, room);
      throw diskFullAtStart(room.folder, error);
    }
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
