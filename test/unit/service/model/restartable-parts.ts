import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { BlobStore } from "../../../../service/blobs/blob-store.ts";
import { FolderBlobBytes } from "../../../../service/blobs/folder-blob-bytes.ts";
import { BuildService } from "../../../../service/builds/build-service.ts";
import { Fleet } from "../../../../service/fleet/fleet.ts";
import { poolTagFollowers } from "../../../../service/fleet/pools/tag-followers.ts";
import { Database } from "../../../../service/store/database.ts";
import { fleetArtifactUses } from "../../../../service/store/fleet-artifact-uses.ts";
import { deleteRef } from "../../../../service/templates/delete-template.ts";
import { TemplateEvents } from "../../../../service/templates/events.ts";
import { resolveTemplate } from "../../../../service/templates/resolve.ts";
import { MemoryArtifacts } from "../memory-artifacts.ts";
import { MemoryDriver } from "../memory-driver.ts";
import { MemoryExecutor } from "../memory-executor.ts";

/** The parts of one run of the service. */
interface Run {
  db: Database;
  builds: BuildService;
  fleet: Fleet;
  events: TemplateEvents;
  stopping: AbortController;
}

/**
 * The real parts of the service on a store in a file, with builds and machines that need no engine: stopped and put
 * together again on the same file, while its machines go on.
 */
export class RestartableParts implements AsyncDisposable {
  readonly driver = new MemoryDriver();
  readonly artifacts = new MemoryArtifacts();
  #areBuildsHeld = false;
  #executor: MemoryExecutor | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), "nullspace-model-"));
  #run: Run;

  constructor() {
    this.driver.delayMs = () => 0;
    this.#run = this.#assemble();
  }

  /** Whether builds that begin now go on until they are cancelled, or the service stops. */
  set areBuildsHeld(areHeld: boolean) {
    this.#areBuildsHeld = areHeld;
    if (this.#executor !== undefined) this.#executor.isHeld = areHeld;
  }

  get db(): Database {
    return this.#run.db;
  }

  get builds(): BuildService {
    return this.#run.builds;
  }

  get fleet(): Fleet {
    return this.#run.fleet;
  }

  /** Says what the routes say after a change of templates. */
  noteTagMove(): void {
    this.#run.events.emit({ kind: "tag_moved" });
  }

  deleteRef(ref: string): void {
    const deps = { db: this.db, artifactUses: [fleetArtifactUses], tagFollowers: poolTagFollowers };
    const { kind, template } = deleteRef(deps, ref);
    if (kind === "template") this.builds.cancelAll(template.templateKey, "its template was deleted");
    this.#run.events.emit({ kind: "template_deleted" });
  }

  async restart(): Promise<void> {
    await this.#stop();
    this.#run = this.#assemble();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    rmSync(this.#folder, { recursive: true });
  }

  async #stop(): Promise<void> {
    const { stopping, fleet, builds, db } = this.#run;
    stopping.abort(new Error("the service stops"));
    await fleet.settle();
    await builds.stop();
    db.close();
  }

  #assemble(): Run {
    const db = new Database(join(this.#folder, "store.db"));
    const blobs = new BlobStore(db, new FolderBlobBytes(join(this.#folder, "blobs")));
    const [events, stopping, log] = [new TemplateEvents(), new AbortController(), pino({ level: "silent" })];
    this.#executor = new MemoryExecutor(this.artifacts);
    this.#executor.isHeld = this.#areBuildsHeld;
    const builds = new BuildService({
      db,
      blobs,
      executor: this.#executor,
      artifacts: this.artifacts,
      driver: this.driver,
      events,
      log,
      retentionMs: 86_400_000,
      resolve: async (ref) => resolveTemplate(db, ref),
      concurrency: 2,
    });
    const fleet = new Fleet({ db, events, log, stopping: stopping.signal, driver: this.driver });
    builds.resume();
    fleet.start();
    return { db, builds, fleet, events, stopping };
  }
}
