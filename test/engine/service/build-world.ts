import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { EngineArtifactStore } from "../../../service/artifacts/engine/engine-artifact-store.ts";
import { BlobStore } from "../../../service/blobs/blob-store.ts";
import { FolderBlobBytes } from "../../../service/blobs/folder-blob-bytes.ts";
import { EngineExecutor } from "../../../service/builders/engine/engine-executor.ts";
import { Database } from "../../../service/store/database.ts";

/** What builds on Docker Engine and what keeps the images there, without the service above them. */
export class BuildWorld implements AsyncDisposable {
  readonly engine = new DockerEngine();
  readonly #run = randomBytes(6).toString("hex");
  readonly #folder = mkdtempSync(join(tmpdir(), "nullspace-build-"));
  readonly #db = new Database(":memory:");
  readonly artifacts = new EngineArtifactStore(this.engine, `test-${this.#run}`);
  readonly executor = new EngineExecutor({
    engine: this.engine,
    blobs: new BlobStore(this.#db, new FolderBlobBytes(join(this.#folder, "blobs"))),
    instanceId: `test-${this.#run}`,
  });
  #count = 0;

  /** An id whose images are removed at the end. */
  templateId(): string {
    return `tmpl_${this.#run}${this.#count++}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { signal } = new AbortController();
    for (const { templateId, imageRef } of await this.artifacts.list(signal)) {
      if (templateId.startsWith(`tmpl_${this.#run}`)) await this.artifacts.remove(imageRef, signal);
    }
    await this.engine.close();
    this.#db.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
