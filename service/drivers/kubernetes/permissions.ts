import * as z from "zod";
import type { KubernetesClient } from "./client/kubernetes-client.ts";

/** What is to be done with what (`v1.ResourceAttributes`). */
export interface Permission {
  readonly namespace: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** @default the resource itself */
  readonly subresource?: string | undefined;
}

const AccessReview = z.object({ status: z.object({ allowed: z.boolean() }) });

/** Whether the account of the service may do something: the server says it of itself. @throws the client's errors */
export async function isAllowed(
  client: KubernetesClient,
  permission: Permission,
  signal?: AbortSignal,
): Promise<boolean> {
  const body = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: permission },
  };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  return (await client.json({ method: "POST", path, body, signal }, AccessReview)).status.allowed;
}

/** The server calls every refusal of its admission Forbidden, as it does a lack of permissions: so it is asked. */
export async function mayCreatePods(client: KubernetesClient, namespace: string): Promise<boolean> {
  return isAllowed(client, { namespace, verb: "create", group: "", resource: "pods" });
}
