import type { Repository } from "./copy-image.ts";
import { digestOf, type StoredManifest } from "./registry-client.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar";

/** A tar archive without a file: two blocks of zeros (POSIX, pax). */
const NO_FILES = Buffer.alloc(1_024);

/**
 * An image without a file, which is there for what is noted on it: an image, as there are registries that take nothing else. Its content
 * is stored, and its manifest is not.
 */
export async function smallestImage(
  { registry, repository }: Repository,
  annotations: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<StoredManifest> {
  const store = async (mediaType: string, bytes: Buffer) => {
    const described = { mediaType, digest: digestOf(bytes), size: bytes.length };
    await registry.putBlob(repository, described, async () => bytes, { signal });
    return described;
  };
  const layer = await store(LAYER, NO_FILES);
  const rootfs = { type: "layers", diff_ids: [layer.digest] };
  const config = await store(CONFIG, Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", rootfs })));
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer], annotations }),
  );
  return { digest: digestOf(bytes), mediaType: MANIFEST, bytes };
}
