import { randomUUID } from "node:crypto";
import { pino } from "pino";
import type { CreateMachineRequest, CreateTemplateRequest, CreateWarmPoolRequest } from "../../../sdk/wire/index.ts";
import { poolTagFollowers } from "../../../service/fleet/pools/tag-followers.ts";
import type { MachineCapabilities } from "../../../service/fleet/guests/machine-driver.ts";
import { Fleet } from "../../../service/fleet/fleet.ts";
import { Database } from "../../../service/store/database.ts";
import type { DiskRoom } from "../../../service/store/disk-room.ts";
import { GuestStore } from "../../../service/store/guests.ts";
import { MIGRATIONS } from "../../../service/store/migrations/index.ts";
import { TemplateEvents } from "../../../service/templates/events.ts";
import { MemoryDriver } from "./memory-driver.ts";
import { seedBuild, type SeededBuild } from "./seed-template.ts";

/** Size of every machine of these tests. */
export const SIZE = { vcpus: 1, memory_mb: 64 };

/** The real fleet on a store in memory and machines in memory. */
export class MemoryFleet implements AsyncDisposable {
  readonly db: Database;
  readonly driver = new MemoryDriver();
  readonly guests: GuestStore;
  readonly fleet: Fleet;
  readonly #events = new TemplateEvents();
  readonly #stopping = new AbortController();

  /** @param room of the disk that the store would be on @param capabilities of the driver that are otherwise than usual */
  constructor(room?: DiskRoom, capabilities: Partial<MachineCapabilities> = {}) {
    this.driver.capabilities = { ...this.driver.capabilities, ...capabilities };
    this.db = new Database(":memory:", MIGRATIONS, room);
    this.guests = new GuestStore(this.db);
    const deps = {
      db: this.db,
      events: this.#events,
      log: pino({ level: "silent" }),
      artifactUses: [],
      tagFollowers: poolTagFollowers,
      stopping: this.#stopping.signal,
    };
    this.fleet = new Fleet({ ...deps, driver: this.driver });
    this.fleet.start();
  }

  seed(name: string, tag = "default", definition: CreateTemplateRequest = {}): SeededBuild {
    const build = seedBuild(this.db, name, tag, "sha256:none", definition);
    this.#events.emit({ kind: "tag_moved" });
    return build;
  }

  createPool(settings: Partial<CreateWarmPoolRequest> & { name: string }) {
    const defaults = { template_ref: settings.name, min_ready: 1, max_ready: 2, resources: SIZE };
    return this.fleet.pools.create({ ...defaults, ...settings });
  }

  createMachine(request: CreateMachineRequest, key: string = randomUUID()) {
    return this.fleet.creator.create(key, { ...SIZE, ...request });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.fleet.settle();
    this.db.close();
  }
}
