import * as z from "zod";
import { isClusterAway, KubernetesError } from "../client/errors.ts";
import type { KubernetesClient } from "../client/kubernetes-client.ts";
import { isAllowed } from "../permissions.ts";
import { apiVersionOf, INSTALL_EXTENSIONS, NATIVE_KINDS } from "./native-api.ts";

const ResourceList = z.looseObject({ resources: z.array(z.looseObject({ name: z.string() })) });

/**
 * Why pools cannot be kept for other programs; `undefined` when they can.
 *
 * @throws the client's errors when the cluster does not say
 */
export async function nativeProblem(
  client: KubernetesClient,
  namespace: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const versions = [...new Set(NATIVE_KINDS.map(apiVersionOf))];
  const served = new Map<string, ReadonlySet<string> | undefined>();
  for (const version of versions) served.set(version, await resourcesOf(client, version, signal));
  const absent = NATIVE_KINDS.filter((kind) => served.get(apiVersionOf(kind))?.has(kind.resource) === false);
  if (absent.length > 0) {
    const names = absent.map(({ kind }) => kind).join(", ");
    return `The cluster ${client.access.name} has no ${names}. ${INSTALL_EXTENSIONS}`;
  }
  const missing = await Promise.all(
    NATIVE_KINDS.map(async ({ group, resource, verbs }) => {
      const asked = verbs.map((verb) => isAllowed(client, { namespace, group, resource, verb }, signal));
      const allowed = await Promise.all(asked);
      const lacking = verbs.filter((_, at) => allowed[at] !== true);
      return lacking.length === 0 ? [] : [`${lacking.join(", ")} ${resource}.${group}`];
    }),
  );
  if (missing.flat().length === 0) return undefined;
  return (
    `The account of the service may not ${missing.flat().join(" nor ")} in the namespace "${namespace}". ` +
    "Give it these permissions (docs/kubernetes.md lists them all), or leave --native-pools off."
  );
}

/** @returns `undefined` when the account may not ask */
async function resourcesOf(
  client: KubernetesClient,
  version: string,
  signal?: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  try {
    const { resources } = await client.json({ method: "GET", path: `/apis/${version}`, signal }, ResourceList);
    return new Set(resources.map(({ name }) => name));
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 403) return undefined;
    if (error instanceof KubernetesError && !isClusterAway(error)) return new Set();
    throw error;
  }
}
