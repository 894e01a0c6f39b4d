import { asError, EngineUnavailableError } from "../../../errors.ts";
import { PermissionMissingError } from "../../../fleet/guests/driver-errors.ts";
import { isKindAbsent, isKindGone } from "../client/absent-kind.ts";
import { KubernetesError } from "../client/errors.ts";
import type { KubernetesClient } from "../client/kubernetes-client.ts";
import { rethrow } from "../cluster-errors.ts";
import { refused } from "../start-verdict.ts";
import { EXTENSIONS_GROUP, INSTALL_EXTENSIONS, listPath, TEMPLATES, WARM_POOLS } from "./native-api.ts";
import { nativeProblem } from "./native-check.ts";

/** However many pools are refused something, the cluster is asked so often what the account may do. */
const ASK_EVERY_MS = 5_000;

/** Says what went wrong with native pools in words of the contract. */
export class NativeErrors {
  readonly #client: KubernetesClient;
  readonly #namespace: string;
  #asked: { readonly problem: Promise<string | undefined>; readonly atMs: number } | undefined;

  constructor(client: KubernetesClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /**
   * What the cluster does not take, and what is wrong with the way to it. The server calls a lack of permissions and a refusal by its
   * admission both Forbidden, so it is asked which of them it is, and what is lacking.
   */
  async explain(error: unknown, signal: AbortSignal): Promise<Error> {
    if (isKindAbsent(error)) return this.#explainAbsence(error, signal);
    if (!(error instanceof KubernetesError) || error.status !== 403) return translated(error, this.#namespace);
    if (error.causes.includes("NamespaceTerminating")) return refused(error.said, { mayPass: true, cause: error });
    if (/exceeded quota/.test(error.said)) return refused(error.said, { mayPass: true, isQuota: true, cause: error });
    const lacking = await this.#problem(signal);
    // Nothing is known to be lacking: then it is in the server's words, which name the verb and the resource.
    if (lacking === "unknown") return translated(error, this.#namespace);
    if (lacking === undefined) return refused(error.said, { mayPass: true, cause: error });
    const suggestedAction = "Give the account of the service the permissions that docs/kubernetes.md lists.";
    return new PermissionMissingError(lacking, { suggestedAction, cause: error });
  }

  async #explainAbsence(error: unknown, signal: AbortSignal): Promise<Error> {
    for (const kind of [TEMPLATES, WARM_POOLS]) {
      if (await isKindGone(this.#client, error, listPath(kind, this.#namespace), signal)) return kindsGone(error);
    }
    const suggestedAction = "See that what stands before the API server passes its requests on, and try again.";
    return new EngineUnavailableError(asError(error).message, { suggestedAction, cause: error });
  }

  /** What is lacking; `undefined`: nothing; `unknown`: the cluster does not say. */
  async #problem(signal: AbortSignal): Promise<string | undefined> {
    const nowMs = performance.now();
    if (this.#asked === undefined || nowMs - this.#asked.atMs > ASK_EVERY_MS) {
      const problem = nativeProblem(this.#client, this.#namespace, signal).catch(() => "unknown");
      this.#asked = { problem, atMs: nowMs };
    }
    return this.#asked.problem;
  }
}

function translated(error: unknown, namespace: string): Error {
  if (error instanceof KubernetesError && error.status === 404) {
    const reason = `there is no namespace "${namespace}" (create it, or choose another with --namespace): ${error.said}`;
    return refused(reason, { mayPass: true, cause: error });
  }
  if (error instanceof KubernetesError && (error.status === 400 || error.status === 422)) {
    return refused(error.said, { isImpossible: true, cause: error });
  }
  try {
    return rethrow(error);
  } catch (thrown) {
    return asError(thrown);
  }
}

/** agent-sandbox is not there. */
function kindsGone(cause: unknown): Error {
  const reason = `the cluster has no ${EXTENSIONS_GROUP}. ${INSTALL_EXTENSIONS}`;
  return refused(reason, { mayPass: true, isControllerAway: true, cause });
}
