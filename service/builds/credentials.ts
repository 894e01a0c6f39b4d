import { inspect } from "node:util";
import type { BaseImageAuth, BuildSecret, CreateTemplateRequest, RegistryAuth } from "pulumi-nullspace/wire";

/** What a build needs and the store never sees: held in memory from the request to the end of the build. */
export class BuildCredentials {
  readonly #request: Pick<CreateTemplateRequest, "base_image_auth" | "registry_auth" | "build_secrets">;

  constructor(request: Pick<CreateTemplateRequest, "base_image_auth" | "registry_auth" | "build_secrets">) {
    this.#request = {
      ...(request.base_image_auth !== undefined && { base_image_auth: request.base_image_auth }),
      ...(request.registry_auth !== undefined && { registry_auth: request.registry_auth }),
      ...(request.build_secrets !== undefined && { build_secrets: request.build_secrets }),
    };
  }

  /** Whether there is anything in it. */
  get isEmpty(): boolean {
    const { base_image_auth, registry_auth, build_secrets } = this.#request;
    return base_image_auth === undefined && !registry_auth?.length && !build_secrets?.length;
  }

  get baseImageAuth(): BaseImageAuth | undefined {
    return this.#request.base_image_auth;
  }

  get registryAuth(): readonly RegistryAuth[] {
    return this.#request.registry_auth ?? [];
  }

  get secrets(): readonly BuildSecret[] {
    return this.#request.build_secrets ?? [];
  }

  /** Every text that must not appear in a log or an error. */
  *sensitiveTexts(): Generator<string> {
    for (const { value } of this.secrets) yield value;
    const auths = [this.baseImageAuth, ...this.registryAuth.map(({ auth }) => auth)];
    for (const auth of auths) {
      if (auth?.kind === "basic") yield auth.password;
      if (auth?.kind === "aws_ecr") {
        yield auth.secret_access_key;
        if (auth.session_token !== undefined) yield auth.session_token;
      }
      if (auth?.kind === "gcp_artifact_registry") {
        const account = auth.service_account_json;
        if (typeof account === "string") yield account;
        else if (typeof account.private_key === "string") yield account.private_key;
      }
    }
  }

  toJSON(): string {
    return "[build credentials]";
  }

  [inspect.custom](): string {
    return "[build credentials]";
  }
}
