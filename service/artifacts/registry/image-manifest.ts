import * as z from "zod";
import { RegistryAwayError } from "./registry-errors.ts";
import type { RegistryClient, StoredManifest } from "./registry-client.ts";

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const Descriptor = z.looseObject({ mediaType: z.string(), digest: Digest, size: z.number().int().nonnegative() });

const Manifest = z.looseObject({ config: Descriptor, layers: z.array(Descriptor) });

const Index = z.looseObject({
  manifests: z.array(
    Descriptor.extend({
      platform: z.looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
    }),
  ),
});

const Health = z.looseObject({
  Test: z.array(z.string()).nullish(),
  Interval: z.number().optional(),
  Timeout: z.number().optional(),
  StartPeriod: z.number().optional(),
  Retries: z.number().optional(),
});

/** An image's configuration (OCI Image Specification 1.1, with Docker's health check). */
export const ImageConfig = z.looseObject({
  os: z.string().optional(),
  architecture: z.string().optional(),
  config: z
    .looseObject({
      User: z.string().optional(),
      Env: z.array(z.string()).nullish(),
      Entrypoint: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      WorkingDir: z.string().optional(),
      Labels: z.record(z.string(), z.string()).nullish(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      Healthcheck: Health.nullish(),
      OnBuild: z.array(z.string()).nullish(),
      Shell: z.array(z.string()).nullish(),
    })
    .nullish(),
});
export type ImageConfig = z.infer<typeof ImageConfig>;

/** One image, of one platform. */
export interface RegistryImage {
  /** Of its manifest, by which it is pulled. */
  readonly digest: string;
  readonly manifest: z.infer<typeof Manifest>;
  readonly mediaType: string;
  /** Of its configuration, by which an engine knows it. */
  readonly configDigest: string;
  readonly config: ImageConfig;
  readonly configBytes: Buffer;
  /** Of all that a pull gets: layers are counted as they are stored, compressed. */
  readonly sizeBytes: number;
}

/** `os/architecture` of the processor that this service runs on, as images spell it. */
export const OWN_PLATFORM: string = `linux/${process.arch === "x64" ? "amd64" : process.arch}`;

/**
 * Reads the image behind a tag or a digest; of one for several platforms, that of `platform`.
 *
 * @returns `undefined` when there is no such image, or none for the platform
 * @throws RegistryError, RegistryAwayError
 */
export async function readImage(
  registry: RegistryClient,
  repository: string,
  reference: string,
  { platform = OWN_PLATFORM, signal }: { platform?: string; signal?: AbortSignal | undefined } = {},
): Promise<RegistryImage | undefined> {
  const found = await registry.manifest(repository, reference, signal);
  if (found === undefined) return undefined;
  const index = Index.safeParse(json(registry, found));
  if (!index.success) return readOne(registry, repository, found, signal);
  const [os, architecture] = platform.split("/");
  const fitting = index.data.manifests.find(
    (one) => one.platform?.os === os && one.platform?.architecture === architecture,
  );
  const one = fitting && (await registry.manifest(repository, fitting.digest, signal));
  return one && readOne(registry, repository, one, signal);
}

async function readOne(
  registry: RegistryClient,
  repository: string,
  stored: StoredManifest,
  signal: AbortSignal | undefined,
): Promise<RegistryImage | undefined> {
  const read = Manifest.safeParse(json(registry, stored));
  if (!read.success) throw new RegistryAwayError(registry.host, `${repository}@${stored.digest} is not an image`);
  const manifest = read.data;
  const configBytes = await registry.smallBlob(repository, manifest.config.digest, signal);
  if (configBytes === undefined) return undefined;
  const config = ImageConfig.safeParse(json(registry, { ...stored, bytes: configBytes }));
  if (!config.success) throw new RegistryAwayError(registry.host, `${repository}@${stored.digest} is not an image`);
  return {
    digest: stored.digest,
    manifest,
    mediaType: stored.mediaType,
    configDigest: manifest.config.digest,
    config: config.data,
    configBytes,
    sizeBytes: manifest.layers.reduce((sum, { size }) => sum + size, manifest.config.size),
  };
}

function json({ host }: RegistryClient, { bytes, digest }: StoredManifest): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new RegistryAwayError(host, `${digest} is not JSON`, error);
  }
}
