import * as z from "zod";

/** Where BuildKit puts the result, instead of the engine's images. */
export const BuildOutput = z.strictObject({
  /**
   * `image`: the builder's own images, and with the attribute `push: "true"` the registry. `cacheonly`: nowhere.
   * `tar` (the root file system), `oci`, `docker` (archives of the image): the file `dest`. `local`: the root file system
   * as files in the folder `dest`, next to what is there.
   */
  type: z.enum(["image", "cacheonly", "tar", "oci", "docker", "local"]),
  /** File to write, for the types that are archives; with `local`, the folder. */
  dest: z.string().min(1).optional(),
  /** Attributes of BuildKit's exporter, such as `{ name: "registry.example/app:1", push: "true" }`. */
  attrs: z.record(z.string(), z.string()).optional(),
});
export type BuildOutput = z.infer<typeof BuildOutput>;

/** Where BuildKit writes its cache for other builds. */
export const BuildCacheTarget = z.union([
  z.literal("inline"),
  z.strictObject({
    type: z.literal("registry"),
    /** Image to push it as. */
    ref: z.string().min(1),
    /**
     * `min`: the layers of the result; `max`: those of every step.
     *
     * @default `min`
     */
    mode: z.enum(["min", "max"]).optional(),
    /** More attributes of BuildKit's exporter, such as `{ "image-manifest": "true" }`. */
    attrs: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({
    type: z.literal("local"),
    /** Folder of this machine to write it into, as an OCI layout; made when it is not there. */
    dest: z.string().min(1),
    /**
     * As with `registry`.
     *
     * @default `min`
     */
    mode: z.enum(["min", "max"]).optional(),
    /**
     * Name of the cache in the folder's index, in place of what had this name.
     *
     * @default `latest`
     */
    tag: z.string().min(1).optional(),
    /** More attributes of BuildKit's exporter, such as `{ compression: "zstd" }`. */
    attrs: z.record(z.string(), z.string()).optional(),
  }),
]);
export type BuildCacheTarget = z.infer<typeof BuildCacheTarget>;

/** Where BuildKit reads cache from: an image of a registry, by its name alone as well, or a folder of this machine. */
export const BuildCacheSource = z.union([
  z.string().min(1),
  z.strictObject({ type: z.literal("registry"), ref: z.string().min(1) }),
  z.strictObject({
    type: z.literal("local"),
    /** Folder with an OCI layout, as `cacheTo`, buildx and buildctl write it. Without a cache in it, the build has none. */
    src: z.string().min(1),
    /**
     * Which cache of the folder's index.
     *
     * @default `latest`
     */
    tag: z.string().min(1).optional(),
    /** The cache's manifest, `sha256:…`, in place of `tag`. */
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, "Expected sha256: and 64 hexadecimal digits")
      .optional(),
  }),
]);
export type BuildCacheSource = z.infer<typeof BuildCacheSource>;

/** What BuildKit states about an image in attestations, which are manifests next to the image's own. */
export const BuildAttestations = z.strictObject({
  /**
   * How it was built (SLSA). `true` is `min`; `max` names build arguments and the Dockerfile too.
   *
   * @default none
   */
  provenance: z.union([z.boolean(), z.enum(["min", "max"])]).optional(),
  /**
   * What is in it (SPDX): `true`, or the image of a scanner.
   *
   * @default none
   */
  sbom: z.union([z.boolean(), z.string().min(1)]).optional(),
});
export type BuildAttestations = z.infer<typeof BuildAttestations>;

const Pem = z.union([z.string(), z.instanceof(Buffer)]);

/** A BuildKit daemon to build on, in place of the one in the engine. */
export const BuildKitDaemon = z.strictObject({
  /** `unix:///path/to/buildkitd.sock` or `tcp://host:port`. */
  address: z.string().min(1),
  /** Certificates of a TLS connection. */
  tls: z
    .strictObject({
      ca: Pem.optional(),
      cert: Pem.optional(),
      key: Pem.optional(),
      rejectUnauthorized: z.boolean().optional(),
    })
    .optional(),
});
export type BuildKitDaemon = z.infer<typeof BuildKitDaemon>;
