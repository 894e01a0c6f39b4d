import { ConflictError, InvalidRequestError, ServiceError } from "../errors.ts";
import { aliasOwner } from "../store/aliases.ts";
import type { Database } from "../store/database.ts";
import { templateOfName } from "../store/templates.ts";
import {
  canonicalRefOf,
  DEFAULT_NAMESPACE,
  getByKey,
  SYSTEM_NAMESPACE,
  type LogicalTemplate,
} from "./logical-template.ts";

/** What holds a name. */
export interface NameHolder {
  kind: "template" | "alias";
  template: LogicalTemplate;
  /** For messages: `a template` or `an alias of local/web`. */
  label: string;
}

/** Who holds `namespace/name`: a name is a template's or an alias, never both; `undefined` when it is free. */
export function nameHolder(db: Database, namespace: string, name: string): NameHolder | undefined {
  const template = templateOfName(db, namespace, name);
  if (template !== undefined) {
    return { kind: "template", template: getByKey(db, template.templateKey), label: "a template" };
  }
  const aliased = aliasOwner(db, namespace, name);
  if (aliased === undefined) return undefined;
  const owner = getByKey(db, aliased);
  return { kind: "alias", template: owner, label: `an alias of ${canonicalRefOf(owner)}` };
}

/** The namespace, if the caller may make names in it. */
export function requireOwnNamespace(namespace: string, ref: string): string {
  if (namespace === DEFAULT_NAMESPACE) return namespace;
  if (namespace === SYSTEM_NAMESPACE) {
    throw new ServiceError(`"${ref}": the namespace ${SYSTEM_NAMESPACE} belongs to the service.`, {
      code: "permission_denied",
      status: 403,
      retryable: false,
      suggestedAction: `Use a name of your own namespace, ${DEFAULT_NAMESPACE}.`,
    });
  }
  throw new InvalidRequestError(
    `"${ref}": there is no namespace ${namespace} here. Use the bare name, or ${DEFAULT_NAMESPACE}/name.`,
  );
}

/** @throws InvalidRequestError when a template that comes with the service is to be changed */
export function refuseBuiltin(template: LogicalTemplate, what: string): void {
  if (template.builtin) {
    throw new InvalidRequestError(`${canonicalRefOf(template)} comes with the service and cannot be ${what}.`);
  }
}

/** @throws ConflictError naming who holds the name */
export function refuseTaken(namespace: string, name: string, holder: NameHolder): never {
  throw new ConflictError(`The name ${namespace}/${name} is taken: it is ${holder.label}.`, {
    suggestedAction: "Choose another name, or remove what holds it.",
  });
}
