import * as z from "zod";

const text = () => z.string().min(1);
const secret = () => text().meta({ secret: true });

/** Credentials of a private registry, for one request only: no service stores them. */
export const BaseImageAuth = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("basic"), username: text(), password: secret() }),
    z.object({
      kind: z.literal("gcp_artifact_registry"),
      service_account_json: z
        .union([
          // Only the key is secret; project and mail address belong in messages.
          z.looseObject({ private_key: z.string().optional().meta({ secret: true }) }),
          z.string().min(2).meta({ secret: true }),
        ])
        .describe("The service account key, as an object or as its JSON text"),
    }),
    z.object({
      kind: z.literal("aws_ecr"),
      access_key_id: text(),
      secret_access_key: secret(),
      region: text(),
      session_token: secret().optional(),
    }),
  ])
  .meta({ id: "BaseImageAuth" });
export type BaseImageAuth = z.infer<typeof BaseImageAuth>;

/** Credentials of one of several registries that a Dockerfile names. */
export const RegistryAuth = z
  .strictObject({ registry: text().describe("Host, as the Dockerfile spells it"), auth: BaseImageAuth })
  .meta({ id: "RegistryAuth" });
export type RegistryAuth = z.infer<typeof RegistryAuth>;

/** A value that the build may mount and that is never stored. */
export const BuildSecret = z
  .strictObject({
    id: z.string().regex(/^[A-Za-z0-9._-]+$/, { error: "must be letters, digits, '.', '_' or '-'" }),
    value: z.string().meta({ secret: true }),
    source: z.enum(["value", "env", "file"]).optional().describe("Where the client took it from; a hint only"),
  })
  .meta({ id: "BuildSecret" });
export type BuildSecret = z.infer<typeof BuildSecret>;
