import { UnknownTypeError } from "../errors.ts";
import type { Controller } from "./controller.ts";
import { withServiceIdentity } from "./service-identity/with-service-identity.ts";
import { templateAliasController } from "./template-alias/controller.ts";
import { templateTagController } from "./template-tag/controller.ts";
import { templateController } from "./template/controller.ts";
import { warmPoolController } from "./warm-pool/controller.ts";

/** All resources of the provider, by the name of their type. */
export const controllers: Readonly<Record<string, Controller>> = {
  Template: withServiceIdentity(templateController),
  TemplateTag: withServiceIdentity(templateTagController),
  TemplateAlias: withServiceIdentity(templateAliasController),
  WarmPool: withServiceIdentity(warmPoolController),
};

/**
 * The controller of a resource type.
 *
 * @throws UnknownTypeError when there is no such type
 */
export function controllerFor(type: string): Controller {
  const controller = Object.hasOwn(controllers, type) ? controllers[type] : undefined;
  if (controller === undefined) throw new UnknownTypeError(type, Object.keys(controllers));
  return controller;
}
