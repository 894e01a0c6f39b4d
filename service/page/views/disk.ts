import type { ArtifactStore, NamedImage } from "../../templates/artifact-store.ts";
import type { Retention, SweepState } from "../../templates/retention.ts";
import { MAX_AUDIT_EVENTS } from "../../templates/storage-limits.ts";
import { asError } from "../../errors.ts";
import { keptArtifactIds } from "../../store/artifacts.ts";
import { artifactUsers, type ArtifactUsers } from "../../store/artifact-users.ts";
import type { Database } from "../../store/database.ts";
import { folderSizes, type FolderSizes } from "../../store/folder-sizes.ts";
import { storedAmounts } from "../../store/storage.ts";
import { numberOf, pageOf, type Listed } from "./cursor.ts";

/** Images of a page. */
const IMAGES = 50;

/** The page does not wait longer for an engine that may be frozen. */
const ENGINE_PATIENCE_MS = 5_000;

/** What there is of something, and how much of it is kept. */
export interface Amount {
  what: "images" | "blobs" | "logs" | "builds" | "changes" | "build cache";
  /** Bytes, of builds and changes a number; absent: the engine does not say. */
  used?: number;
  /** Absent: as much as there is. */
  limit?: number;
  /** What of it nothing needs. */
  spare?: number;
  isBytes: boolean;
}

/** An image of an artifact. */
export interface ImageLine extends ArtifactUsers {
  /** With layers that it shares with others; absent: it is not there, or the engine does not say. */
  sizeBytes?: number;
  /** When it goes, if nothing needs it until then; absent: something does. */
  goesAt?: string;
  isIdle: boolean;
}

export interface DiskUse {
  folder: FolderSizes;
  path: string;
  amounts: Amount[];
  images: Listed<ImageLine>;
  imageCount: number;
  sweep: SweepState;
  retentionMs: number;
  /** Why the sizes of images and of the build cache are not known. */
  problem?: string;
}

/** Bytes of the build cache of the engine, whoever made it. */
export interface BuildCacheUse {
  bytes: number;
  /** What no build uses and no image needs. */
  spareBytes: number;
}

/** What looks at the disks need. */
export interface DiskDependencies {
  db: Database;
  artifacts: Pick<ArtifactStore, "list">;
  retention: Pick<Retention, "idle" | "state" | "limits" | "retentionMs">;
  /** `undefined` where the engine does not tell. */
  buildCache: (signal: AbortSignal) => Promise<BuildCacheUse | undefined>;
  /** Data folder, and the store in it. */
  folder: string;
  storePath: string;
}

/** What is on the disks because of the service, and what of it may go. @param after `next` of the page of images before */
export async function diskUse(
  { db, artifacts, retention, buildCache, folder, storePath }: DiskDependencies,
  { after }: { after?: string | undefined },
  signal: AbortSignal,
): Promise<DiskUse> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(ENGINE_PATIENCE_MS)]);
  const [listed, cache] = await Promise.allSettled([artifacts.list(patience), buildCache(patience)]);
  signal.throwIfAborted();
  const named = listed.status === "fulfilled" ? listed.value : undefined;
  const failed = [listed, cache].find((each) => each.status === "rejected");
  const idle = new Map(retention.idle().map((each) => [each.templateId, each]));
  const sizes = new Map(named?.map(({ templateId, sizeBytes }) => [templateId, sizeBytes]));
  const rows = artifactUsers((sql, binds) => db.all(sql, binds), {
    before: after === undefined ? Number.MAX_SAFE_INTEGER : numberOf(after),
    limit: IMAGES + 1,
  });
  const { limits } = retention;
  const stored = storedAmounts(db);
  const ownIds = new Set(keptArtifactIds(db));
  const own = named?.filter(({ templateId }) => ownIds.has(templateId));
  return {
    folder: folderSizes(folder, storePath),
    path: folder,
    amounts: [
      {
        what: "images",
        limit: limits.imageBytes,
        ...(own !== undefined && { used: bytesOf(own), spare: spareBytesOf(own, idle) }),
        isBytes: true,
      },
      { what: "blobs", used: stored.blobBytes, limit: limits.blobBytes, isBytes: true },
      { what: "logs", used: stored.logBytes, limit: limits.logBytes, isBytes: true },
      { what: "builds", used: stored.builds, limit: limits.builds, isBytes: false },
      { what: "changes", used: stored.auditEvents, limit: MAX_AUDIT_EVENTS, isBytes: false },
      {
        what: "build cache",
        ...(cache.status === "fulfilled" &&
          cache.value !== undefined && { used: cache.value.bytes, spare: cache.value.spareBytes }),
        ...(limits.buildCacheBytes !== undefined && { limit: limits.buildCacheBytes }),
        isBytes: true,
      },
    ],
    images: pageOf(
      rows,
      IMAGES,
      ({ seq: _, ...users }): ImageLine => {
        const size = sizes.get(users.templateId);
        const free = idle.get(users.templateId);
        return {
          ...users,
          ...(size !== undefined && { sizeBytes: size }),
          ...(free?.goesAt != null && { goesAt: free.goesAt }),
          isIdle: free !== undefined,
        };
      },
      ({ seq }) => String(seq),
    ),
    imageCount: ownIds.size,
    sweep: retention.state,
    retentionMs: retention.retentionMs,
    ...(failed !== undefined && { problem: asError((failed as PromiseRejectedResult).reason).message }),
  };
}

/** Names of one image are as large as the image. */
function bytesOf(images: readonly NamedImage[]): number {
  return [...new Map(images.map(({ imageId, sizeBytes }) => [imageId, sizeBytes])).values()].reduce((a, b) => a + b, 0);
}

/** Bytes of the images all of whose artifacts are of no use. */
function spareBytesOf(images: readonly NamedImage[], idle: ReadonlyMap<string, unknown>): number {
  const needed = new Set(images.filter(({ templateId }) => !idle.has(templateId)).map(({ imageId }) => imageId));
  return bytesOf(images.filter(({ imageId }) => !needed.has(imageId)));
}
