import { z } from "zod";

/** Where BuildKit puts the result, instead of the engine's images. */
export const BuildOutput = z.strictObject({
  /**
   * `image`: the builder's own images, and with the attribute `push: "true"` the registry. `cacheonly`: nowhere.
   * `tar` (the root file system), `oci`, `docker` (archives of the image): the file `dest`. `local`: the root file system
   * as files in the folder `dest`, beside what is there.
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
    /** `min`: the layers of the result; `max`: those of every step. Default `min`. */
    mode: z.enum(["min", "max"]).optional(),
    /** More attributes of BuildKit's exporter, such as `{ "image-manifest": "true" }`. */
    attrs: z.record(z.string(), z.string()).optional(),
  }),
]);
export type BuildCacheTarget = z.infer<typeof BuildCacheTarget>;

/** What BuildKit says of an image in attestations, which are manifests beside the image's own. */
export const BuildAttestations = z.strictObject({
  /** How it was built (SLSA). `true` is `min`; `max` names build arguments and the Dockerfile too. Default none. */
  provenance: z.union([z.boolean(), z.enum(["min", "max"])]).optional(),
  /** What is in it (SPDX): `true`, or the image of a scanner. Default none. */
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
