import * as z from "zod";
import type { RegistryAuths } from "../auth/registry-credentials.ts";

/** A secret for `RUN --mount=type=secret`: never part of the image, the cache, the history or the query. */
export const BuildSecret = z.union([
  z.strictObject({ id: z.string().min(1), value: z.union([z.string(), z.instanceof(Uint8Array)]) }),
  z.strictObject({ id: z.string().min(1), file: z.string().min(1) }),
  z.strictObject({ id: z.string().min(1), env: z.string().min(1) }),
]);
export type BuildSecret = z.infer<typeof BuildSecret>;

/** An SSH agent for `RUN --mount=type=ssh`. */
export const BuildSsh = z.strictObject({
  /**
   * As in `--mount=type=ssh,id=…`.
   *
   * @default `default`, which is the one of a mount that names none
   */
  id: z.string().min(1).default("default"),
  /**
   * Socket of the agent.
   *
   * @default SSH_AUTH_SOCK
   */
  socket: z.string().optional(),
});
export type BuildSsh = z.input<typeof BuildSsh>;

/** What of a build's options is the session's. */
export interface SessionOptions {
  /** Credentials by registry host; they win over those of Docker's configuration. */
  auth?: RegistryAuths | undefined;
  secrets?: readonly BuildSecret[] | undefined;
  ssh?: readonly (BuildSsh & { id: string })[] | undefined;
  /** Where results go; those with `dest` come through the session. */
  outputs?: readonly { type: string; dest?: string | undefined }[] | undefined;
}
