import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTemplateRequest } from "../../../sdk/wire/index.ts";
import { BlobStore } from "../../../service/blobs/blob-store.ts";
import { FolderBlobBytes } from "../../../service/blobs/folder-blob-bytes.ts";
import { acceptBuild } from "../../../service/builds/accept-build.ts";
import { BuildLog } from "../../../service/builds/build-log.ts";
import { markBuilding, markReady } from "../../../service/builds/build-transitions.ts";
import { checkRequest } from "../../../service/builds/check-request.ts";
import { Database } from "../../../service/store/database.ts";
import { resolveTemplate } from "../../../service/templates/resolve.ts";

/** A store with its blobs, and builds that become ready without an engine: only the image is made up. */
export class TemplateStore implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "nullspace-store-"));
  readonly db = new Database(join(this.folder, "store.db"));
  readonly blobs = new BlobStore(this.db, new FolderBlobBytes(join(this.folder, "blobs")));
  readonly buildLog = new BuildLog(this.db);
  readonly signal = new AbortController().signal;

  /** Accepts a build. @returns its id */
  async accept(request: Record<string, unknown>): Promise<string> {
    const checked = await checkRequest(
      { db: this.db, blobs: this.blobs, resolve: async (ref) => resolveTemplate(this.db, ref) },
      CreateTemplateRequest.parse({ base_image: "busybox:1", ...request }),
      this.signal,
    );
    return acceptBuild(this, checked);
  }

  /** Accepts a build and makes it ready. @returns its ids */
  async ready(request: Record<string, unknown>): Promise<{ buildId: string; templateId: string }> {
    const buildId = await this.accept(request);
    markBuilding(this, buildId);
    return { buildId, templateId: this.finish(buildId) };
  }

  /** Makes a running build ready. @returns its artifact */
  finish(buildId: string): string {
    const { template_id: templateId } = this.db.get<{ template_id: string }>(
      "SELECT template_id FROM builds WHERE build_id = ?",
      [buildId],
    ) as { template_id: string };
    const imageRef = `nullspace-local/${templateId}`;
    markReady(this, buildId, { imageId: `sha256:${buildId}`, imageRef, ociMetadata: {}, cache: NO_CACHE });
    return templateId;
  }

  [Symbol.dispose](): void {
    this.db.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Nothing was looked for in any cache. */
export const NO_CACHE = {
  final_artifact_hits: 0,
  final_artifact_misses: 0,
  final_artifact_bypasses: 0,
  final_artifact_stores: 0,
  layer_hits: 0,
  layer_misses: 0,
  layer_bypasses: 0,
  layer_stores: 0,
  file_blob_hits: 0,
  file_blob_misses: 0,
  file_blob_bypasses: 0,
  file_blob_stores: 0,
};
