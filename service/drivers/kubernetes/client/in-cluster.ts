import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterAccess } from "./cluster-access.ts";
import { KubeconfigError } from "./errors.ts";
import { Authorities, PemFile } from "./pem-text.ts";
import { TokenFile } from "./token-file.ts";

/** Where a kubelet puts what a pod gets in with. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The cluster that this process runs in, as the service account of its pod.
 *
 * @throws KubeconfigError when there is none
 */
export async function inClusterAccess(env: NodeJS.ProcessEnv, folder = SERVICE_ACCOUNT): Promise<ClusterAccess> {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "443" } = env;
  try {
    // A kubelet writes again both authorities and token.
    const ca = new Authorities(new PemFile(join(folder, "ca.crt")));
    const namespace = await readFile(join(folder, "namespace"), "utf8");
    return {
      name: "in-cluster",
      server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
      namespace: namespace.trim(),
      ca,
      credentials: new TokenFile(join(folder, "token")),
    };
  } catch (error) {
    throw new KubeconfigError(
      `${folder} has no service account to get into the cluster with. Give the pod one, or name a kubeconfig (--kubeconfig).`,
      error,
    );
  }
}
