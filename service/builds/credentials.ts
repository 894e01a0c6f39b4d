import { inspect } from "node:util";
import { Redactor, secretsIn } from "pulumi-nullspace/secrets";
import { CreateTemplateRequest, type BaseImageAuth, type BuildSecret, type RegistryAuth } from "pulumi-nullspace/wire";

/** What a build needs and the store never sees: held in memory from the request to the end of the build. */
export class BuildCredentials {
  readonly #request: Pick<CreateTemplateRequest, "base_image_auth" | "registry_auth" | "build_secrets">;

  /** Takes out of logs and errors whatever is secret here. */
  readonly redactor: Redactor;

  constructor(request: Pick<CreateTemplateRequest, "base_image_auth" | "registry_auth" | "build_secrets">) {
    this.#request = {
      ...(request.base_image_auth !== undefined && { base_image_auth: request.base_image_auth }),
      ...(request.registry_auth !== undefined && { registry_auth: request.registry_auth }),
      ...(request.build_secrets !== undefined && { build_secrets: request.build_secrets }),
    };
    this.redactor = new Redactor(this.sensitiveTexts);
  }

  /** Counts a text among the secrets that was obtained with them, such as the password that a cloud gives for its key. */
  alsoSecret(text: string): void {
    this.redactor.add([text]);
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
  get sensitiveTexts(): string[] {
    return [...secretsIn(CreateTemplateRequest, this.#request)].map(({ value }) => value);
  }

  toJSON(): string {
    return "[build credentials]";
  }

  [inspect.custom](): string {
    return "[build credentials]";
  }
}
