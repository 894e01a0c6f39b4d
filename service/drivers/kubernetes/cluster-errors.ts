import { EngineUnavailableError } from "../../errors.ts";
import { GuestNotRunningError } from "../../fleet/guests/driver-errors.ts";
import { isKindAbsent } from "./client/absent-kind.ts";
import { CredentialsError, isClusterAway, KubernetesError } from "./client/errors.ts";
import { INSTALL_SANDBOXES } from "./sandbox-api.ts";

/**
 * The client's errors as a driver of machines tells them.
 *
 * @param guestId the guest that had to be there for the call; without it one that is gone is not translated
 */
export function rethrow(error: unknown, guestId?: string): never {
  if (guestId !== undefined && error instanceof KubernetesError && error.status === 404) {
    throw new GuestNotRunningError(guestId, error);
  }
  const suggestedAction = adviceFor(error);
  if (suggestedAction === undefined) throw error;
  throw new EngineUnavailableError((error as Error).message, { suggestedAction, cause: error });
}

/** @returns `undefined` for an error that is not about the way to the cluster */
function adviceFor(error: unknown): string | undefined {
  if (error instanceof CredentialsError || (error instanceof KubernetesError && error.status === 401)) {
    return "Renew the credentials that the kubeconfig names, and try again.";
  }
  if (error instanceof KubernetesError && error.status === 403) {
    return "Give the account of the service the permissions that docs/kubernetes.md lists, and try again.";
  }
  if (isKindAbsent(error)) return INSTALL_SANDBOXES;
  if (isClusterAway(error)) return "See that the cluster's API server is up and reached from here, and try again.";
  return undefined;
}
