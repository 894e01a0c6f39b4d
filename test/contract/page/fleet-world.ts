import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { pino } from "pino";
import { createApp } from "../../../service/http/app.ts";
import { keyRing } from "../../../service/keys/key-ring.ts";
import { registerPage } from "../../../service/page/register-page.ts";
import { ApiKeyStore } from "../../../service/store/api-keys.ts";
import type { NamedImage } from "../../../service/templates/artifact-store.ts";
import { Retention } from "../../../service/templates/retention.ts";
import { DEFAULT_STORAGE_LIMITS } from "../../../service/templates/storage-limits.ts";
import { MemoryArtifacts } from "../../unit/service/memory-artifacts.ts";
import { MemoryFleet } from "../../unit/service/memory-fleet.ts";
import { Browser, hiddenFields } from "./browser.ts";

/** The page over the real fleet, whose machines are in memory. */
export class FleetWorld implements AsyncDisposable {
  readonly fleet = new MemoryFleet();
  readonly keys: ApiKeyStore;
  readonly retention: Retention;
  /** What the engine says that it has. */
  images: NamedImage[] = [];
  #close: () => Promise<void> = async () => undefined;
  url = "";

  private constructor() {
    this.keys = new ApiKeyStore(this.fleet.db);
    this.retention = new Retention({
      db: this.fleet.db,
      blobs: { sweep: async () => 0, sweepStrays: async () => undefined } as never,
      artifacts: new MemoryArtifacts(),
      artifactUses: [],
      log: pino({ level: "silent" }),
      retentionMs: 30 * 24 * 3_600_000,
      limits: DEFAULT_STORAGE_LIMITS,
    });
  }

  static async start(): Promise<FleetWorld> {
    const world = new FleetWorld();
    const { fleet, keys, retention } = world;
    const stopping = new AbortController();
    const ring = keyRing([], keys);
    const app = createApp({
      logger: pino({ level: "silent" }),
      keys: ring,
      refExists: () => false,
      stopping: stopping.signal,
    });
    registerPage(app, {
      keys: ring,
      isTls: false,
      isBehindProxy: false,
      folder: tmpdir(),
      storePath: `${tmpdir()}/none.db`,
      instanceId: "fleet-world",
      stopping: stopping.signal,
      db: fleet.db,
      fleet: fleet.fleet,
      places: [
        { name: "engine", subject: "The engine", title: "Docker Engine", host: "memory", look: async () => undefined },
      ],
      disk: {
        artifacts: { list: async () => world.images },
        buildCache: async () => ({ bytes: 3 * 1024 ** 3, spareBytes: 1024 ** 3 }),
        retention,
      },
      // Pages of builds are tried elsewhere.
      blobs: undefined as never,
      builds: undefined as never,
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    world.url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    world.#close = async () => {
      stopping.abort();
      await app.close();
      await retention.stop();
      await fleet[Symbol.asyncDispose]();
    };
    return world;
  }

  /** Somebody who has logged in with a key of that name, and what a form of theirs has in it. */
  async visitor(name: string): Promise<{ browser: Browser; token: string; keyId: string }> {
    const key = `key-of-${name}-${"0123456789".repeat(3)}`;
    const { keyId } = this.keys.add(name, key);
    const browser = new Browser(this.url);
    await browser.logIn(key);
    const { token } = hiddenFields((await browser.get("/ui/")).text, "/ui/log-out");
    return { browser, token: token!, keyId };
  }

  /** What the record of changes says of a thing: who did what. */
  recorded(subject: string): string[] {
    return this.fleet.db
      .all<{ actor: string; action: string }>(
        "SELECT actor, action FROM audit_events WHERE subject = ? ORDER BY event_id",
        [subject],
      )
      .map(({ actor, action }) => `${actor}: ${action}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
