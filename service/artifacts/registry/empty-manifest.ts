import type { Repository } from "./copy-image.ts";
import { digestOf, type StoredManifest } from "./registry-client.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** OCI Image Specification 1.1, "Guidelines for Artifact Usage". */
const EMPTY = "application/vnd.oci.empty.v1+json";

/**
 * A manifest that is there for what it says of itself. Its two bytes of content are stored, and it is not.
 *
 * @param artifactType media type of what it is
 */
export async function emptyManifest(
  { registry, repository }: Repository,
  artifactType: string,
  annotations: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<StoredManifest> {
  const content = Buffer.from("{}");
  const empty = { mediaType: EMPTY, digest: digestOf(content), size: content.length };
  await registry.putBlob(repository, empty, async () => content, { signal });
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      artifactType,
      config: empty,
      layers: [empty],
      annotations,
    }),
  );
  return { digest: digestOf(bytes), mediaType: MANIFEST, bytes };
}
