import type { Controller } from "./core/controller.ts";
import { withServiceIdentity } from "./core/service-identity/with-service-identity.ts";
import { withIdentityWarning } from "./core/secret-identity.ts";
import { UnknownTypeError } from "./errors.ts";
import { rooms } from "./generated/controllers.ts";

/** All resources of the provider, by the name of their type. */
export const controllers: Readonly<Record<string, Controller>> = Object.fromEntries(
  rooms.map((controller) => [controller.type, withServiceIdentity(withIdentityWarning(controller))]),
);

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
