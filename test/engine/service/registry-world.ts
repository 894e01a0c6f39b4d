import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DockerEngine, type RegistryAuth } from "../../../sdk/docker/index.ts";
import { FolderBlobBytes } from "../../../service/blobs/folder-blob-bytes.ts";
import { BlobStore } from "../../../service/blobs/blob-store.ts";
import { openBuildKit, type BuildKitParts } from "../../../service/parts/buildkit.ts";
import { Database } from "../../../service/store/database.ts";
import { LOGIN, type PrivateRegistry, startPrivateRegistry } from "../docker/private-registry.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "../docker/buildkit-daemon.ts";
import { BASE_IMAGE } from "./running-service.ts";

/** Builders and a registry of this machine, with the base image of the tests in it. */
export interface BuildSite extends AsyncDisposable {
  readonly builders: BuildKitDaemonProcess[];
  readonly registry: PrivateRegistry;
  /** Name of the base image in the registry. */
  readonly baseImage: string;
}

/** Starts so many builders, and a registry that wants a password. */
export async function startBuildSite({ builders = 1, deletes = true } = {}): Promise<BuildSite> {
  const registry = await startPrivateRegistry({ tls: false, deletes });
  const daemons: BuildKitDaemonProcess[] = [];
  for (let count = 0; count < builders; count++) daemons.push(await startBuildKitDaemon());
  const engine = new DockerEngine();
  const baseImage = `${registry.host}/base:1`;
  await engine.images.tag(BASE_IMAGE, baseImage);
  await engine.images.push(baseImage, { auth: LOGIN });
  await engine.images.remove(baseImage);
  await engine.close();
  return {
    builders: daemons,
    registry,
    baseImage,
    async [Symbol.asyncDispose]() {
      for (const daemon of daemons) await daemon[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

/** What builds on the builders of a site and what keeps images in its registry, without the service above them. */
export class RegistryWorld implements AsyncDisposable {
  readonly run = randomBytes(6).toString("hex");
  readonly gone: string[] = [];
  readonly parts: BuildKitParts;
  readonly db = new Database(":memory:");
  readonly #folder = mkdtempSync(join(tmpdir(), "nullspace-registry-world-"));
  #count = 0;

  /**
   * @param addresses of builders; default: those of the site
   * @param registry host and port; default: the site's
   */
  constructor(
    site: BuildSite,
    {
      addresses,
      auth = LOGIN,
      registry = site.registry.host,
    }: { addresses?: string[]; auth?: RegistryAuth; registry?: string } = {},
  ) {
    this.parts = openBuildKit(
      {
        addresses: addresses ?? site.builders.map(({ address }) => address),
        registry: { repository: `${registry}/tests/${this.run}`, auth },
      },
      {
        db: this.db,
        blobs: new BlobStore(this.db, new FolderBlobBytes(join(this.#folder, "blobs"))),
        instanceId: `test-${this.run}`,
        onGone: (imageId) => void this.gone.push(imageId),
        pollMs: 50,
      },
    );
  }

  /** An id that no other world has. */
  templateId(): string {
    return `tmpl_${this.run}${this.#count++}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.parts.close();
    this.db.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
