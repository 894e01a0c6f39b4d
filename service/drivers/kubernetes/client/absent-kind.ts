import * as z from "zod";
import { isClusterAway, KubernetesError } from "./errors.ts";
import type { KubernetesClient } from "./kubernetes-client.ts";

const GroupList = z.looseObject({
  kind: z.literal("APIGroupList"),
  groups: z.array(z.looseObject({ versions: z.array(z.looseObject({ groupVersion: z.string() })) })),
});
const ResourceList = z.looseObject({
  kind: z.literal("APIResourceList"),
  resources: z.array(z.looseObject({ name: z.string() })),
});

/** Whether an answer is what a server says that does not know what kind of object is asked for: that is no `Status`. */
export function isKindAbsent(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 404 && error.reason === "";
}

/**
 * Whether a cluster does not know a kind of object, or does not know it any more. A page of whatever stands before the API server
 * looks like that, too, so the server is asked what it serves: who believes that page takes everything of the kind for gone.
 *
 * @param error what a request for objects of that kind was answered with
 * @param path of the request, from `/apis` on
 * @returns `false` also when the server does not say
 */
export async function isKindGone(
  client: KubernetesClient,
  error: unknown,
  path: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const [, groupVersion, resource] = /^\/apis\/([^/]+\/[^/]+)\/(?:namespaces\/[^/]+\/)?([^/]+)/.exec(path) ?? [];
  // What is not in a group cannot be taken away from a cluster.
  if (!isKindAbsent(error) || groupVersion === undefined) return false;
  const ask = <S extends z.ZodType>(at: string, schema: S) => client.json({ method: "GET", path: at, signal }, schema);
  try {
    const { groups } = await ask("/apis", GroupList);
    const isServed = groups.some(({ versions }) => versions.some((each) => each.groupVersion === groupVersion));
    if (!isServed) return true;
    const { resources } = await ask(`/apis/${groupVersion}`, ResourceList);
    return !resources.some(({ name }) => name === resource);
  } catch (thrown) {
    if (thrown instanceof KubernetesError || isClusterAway(thrown) || signal?.aborted) return false;
    throw thrown;
  }
}
