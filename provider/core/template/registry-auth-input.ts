import * as z from "zod";
import { REGISTRY_AUTH_NAMES, toWire, type BaseImageAuth, type RegistryAuth } from "../../../sdk/wire/index.ts";

const text = () => z.string().min(1);

const BasicAuth = z
  .strictObject({
    kind: z.literal("basic"),
    username: text().describe("User name."),
    password: text().describe("Password or token.").meta({ secret: true }),
  })
  .describe("User name and password.")
  .meta({ id: "pulumi.BasicAuth" });

const GcpArtifactRegistryAuth = z
  .strictObject({
    kind: z.literal("gcp_artifact_registry"),
    serviceAccountJson: text().describe("JSON text of the service account key.").meta({ secret: true }),
  })
  .describe("Google Artifact Registry, with a service account.")
  .meta({ id: "pulumi.GcpArtifactRegistryAuth" });

const AwsEcrAuth = z
  .strictObject({
    kind: z.literal("aws_ecr"),
    accessKeyId: text().describe("Access key id."),
    secretAccessKey: text().describe("Secret access key.").meta({ secret: true }),
    region: text().describe("Region of the registry."),
    sessionToken: text().optional().describe("Session token of temporary credentials.").meta({ secret: true }),
  })
  .describe("Amazon Elastic Container Registry, with an access key.")
  .meta({ id: "pulumi.AwsEcrAuth" });

/** Credentials of one registry that the Dockerfile names. */
export const RegistryAuthInput = z
  .strictObject({
    registry: text().describe("Host of the registry, as the Dockerfile spells it."),
    auth: z
      .discriminatedUnion("kind", [BasicAuth, GcpArtifactRegistryAuth, AwsEcrAuth])
      .describe("How to log in there."),
  })
  .describe("Credentials of one private registry.")
  .meta({ id: "pulumi.RegistryAuth" });
export type RegistryAuthInput = z.infer<typeof RegistryAuthInput>;

/** The credentials in the words of the service. */
export function toWireRegistryAuth({ registry, auth }: RegistryAuthInput): RegistryAuth {
  return { registry, auth: toWire(REGISTRY_AUTH_NAMES, auth) as BaseImageAuth };
}
