import { RegistryAwayError } from "./registry-errors.ts";
import { digestOf, type RegistryClient } from "./registry-client.ts";
import type { RegistryImage } from "./image-manifest.ts";

/** Media types of OCI for those of Docker: the bytes are the same. */
const OCI_TYPES: Record<string, string> = {
  "application/vnd.docker.container.image.v1+json": "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
  "application/vnd.docker.image.rootfs.diff.tar.gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
  "application/vnd.docker.image.rootfs.diff.tar.zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
};
const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";

/** A repository of a registry. */
export interface Repository {
  readonly registry: RegistryClient;
  readonly repository: string;
}

/**
 * Copies an image from one repository to another, as a plain OCI manifest with further labels, so that it has a digest of its
 * own there. Layers that are there already, or in the same registry, are not moved.
 *
 * @returns digest of the copy's manifest
 */
export async function copyImage(
  image: RegistryImage,
  from: Repository,
  to: Repository,
  labels: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<string> {
  const isSameRegistry = from.registry.host === to.registry.host;
  const mount = isSameRegistry && from.repository !== to.repository ? from.repository : undefined;
  for (const { digest, size } of image.manifest.layers) {
    const open = async () => {
      const body = await from.registry.openBlob(from.repository, digest, signal);
      if (body === undefined) throw new RegistryAwayError(from.registry.host, `it has no layer ${digest}`);
      return body;
    };
    await to.registry.putBlob(to.repository, { digest, size }, open, { from: mount, signal });
  }
  const config = labelled(image.configBytes, labels);
  const configDigest = digestOf(config);
  const put = { digest: configDigest, size: config.length };
  await to.registry.putBlob(to.repository, put, async () => config, { signal });
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: configDigest, size: config.length },
      layers: image.manifest.layers.map((layer) => ({
        ...layer,
        mediaType: OCI_TYPES[layer.mediaType] ?? layer.mediaType,
      })),
    }),
  );
  const digest = digestOf(bytes);
  await to.registry.putManifest(to.repository, digest, { mediaType: OCI_MANIFEST, bytes }, signal);
  return digest;
}

function labelled(bytes: Buffer, labels: Readonly<Record<string, string>>): Buffer {
  const config = JSON.parse(bytes.toString("utf8")) as { config?: { Labels?: Record<string, string> | null } | null };
  const { Labels = {} } = config.config ?? {};
  return Buffer.from(JSON.stringify({ ...config, config: { ...config.config, Labels: { ...Labels, ...labels } } }));
}
