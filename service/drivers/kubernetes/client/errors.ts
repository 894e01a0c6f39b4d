import { NullspaceError } from "pulumi-nullspace/sdk";

/** What the API server says of a request that it does not carry out (a `Status` of the API). */
export interface StatusFacts {
  /** HTTP status. */
  readonly status: number;
  /** `metav1.StatusReason`, such as `NotFound`; empty when the answer was not the API server's. */
  readonly reason: string;
  /** `metav1.CauseType` of each cause, such as `NamespaceTerminating`. */
  readonly causes: readonly string[];
  /** The server's own words. */
  readonly message: string;
  /** Milliseconds after which the server wants to be asked again; absent: it does not say. */
  readonly retryAfterMs?: number;
}

/** The API server refused a request. Code `kubernetes_refused`. */
export class KubernetesError extends NullspaceError implements StatusFacts {
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly string[];
  /** The server's own words. */
  readonly said: string;
  readonly retryAfterMs: number | undefined;

  constructor(request: string, facts: StatusFacts, cause?: unknown) {
    const name = facts.reason === "" ? "" : ` ${facts.reason}`;
    super(`Kubernetes answers ${request} with ${facts.status}${name}: ${facts.message}`, {
      code: "kubernetes_refused",
      cause,
    });
    this.status = facts.status;
    this.reason = facts.reason;
    this.causes = facts.causes;
    this.said = facts.message;
    this.retryAfterMs = facts.retryAfterMs;
  }

  /** The same request may succeed later without a change. */
  get isRetryable(): boolean {
    return this.retryAfterMs !== undefined || this.status === 429 || this.status >= 500;
  }
}

/** The API server does not answer, or not in time, or its answer broke off. Code `kubernetes_away`. */
export class KubernetesAwayError extends NullspaceError {
  constructor(server: string, request: string, why: string, cause?: unknown) {
    super(`The Kubernetes API server ${server} did not answer ${request}: ${why}`, { code: "kubernetes_away", cause });
  }
}

/** A kubeconfig that cannot be used: it is not there, cannot be read, or lacks something. Code `kubeconfig_invalid`. */
export class KubeconfigError extends NullspaceError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: "kubeconfig_invalid", cause });
  }
}

/** Credentials that could not be obtained from where the kubeconfig says. Code `kubernetes_credentials`. */
export class CredentialsError extends NullspaceError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: "kubernetes_credentials", cause });
  }
}

/** Errors after which nothing is known of the cluster: who runs something there waits, and asks again. */
export function isClusterAway(error: unknown): boolean {
  if (error instanceof KubernetesAwayError || error instanceof CredentialsError) return true;
  return error instanceof KubernetesError && (error.isRetryable || error.status === 401);
}
