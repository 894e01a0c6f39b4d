import * as z from "zod";
import { GrpcStatusError } from "../../grpc/grpc-status.ts";
import { Descriptor } from "./layout-index.ts";
import type { OciLayout } from "./oci-layout.ts";

const Manifest = z.looseObject({
  mediaType: z.string().optional(),
  config: Descriptor.optional(),
  layers: z.array(Descriptor).optional(),
  manifests: z.array(Descriptor).optional(),
});

/** BuildKit refuses larger ones (buildkit, cache/remotecache/import.go). */
const MAX_MANIFEST_BYTES = 1024 * 1024;
const MANIFEST_TYPE = /^application\/vnd\.(oci\.image|docker\.distribution)\.(manifest|index)[.+]/;

/** A manifest whose blobs are all there. */
export type WholeManifest = {
  mediaType: string;
  digest: string;
  size: number;
};

/**
 * Looks whether the manifest `digest` and all that it names is in a layout, each as large as it is said to be.
 *
 * @returns the manifest, or what is missing, in words
 */
export async function readWholeManifest(layout: OciLayout, digest: string): Promise<WholeManifest | string> {
  let text: string;
  let sizeBytes: number;
  try {
    await using file = await layout.open(digest);
    sizeBytes = (await file.stat()).size;
    if (sizeBytes > MAX_MANIFEST_BYTES) return `${digest} is too large for a manifest`;
    text = await file.readFile("utf8");
  } catch (error) {
    if (error instanceof GrpcStatusError) return error.details;
    throw error;
  }
  const manifest = parseManifest(text);
  if (manifest?.mediaType === undefined) return `${digest} is not a manifest`;
  const { config, layers = [], manifests = [] } = manifest;
  for (const { mediaType = "", ...blob } of [...(config ? [config] : []), ...layers, ...manifests]) {
    const there = await layout.find(blob.digest);
    if (there?.sizeBytes !== blob.size)
      return `the blob ${blob.digest} is ${there ? `of ${there.sizeBytes} bytes, not ${blob.size}` : "not there"}`;
    const inner = MANIFEST_TYPE.test(mediaType) ? await readWholeManifest(layout, blob.digest) : "";
    if (typeof inner === "string" && inner !== "") return inner;
  }
  return { mediaType: manifest.mediaType, digest, size: sizeBytes };
}

/** A manifest names what it is made of, and a configuration does not. */
function parseManifest(text: string): z.infer<typeof Manifest> | undefined {
  try {
    const manifest = Manifest.parse(JSON.parse(text));
    return (manifest.config && manifest.layers) || manifest.manifests ? manifest : undefined;
  } catch {
    return undefined;
  }
}
