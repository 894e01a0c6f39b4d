import { SANDBOX_GROUP, SANDBOX_VERSION } from "../sandbox-api.ts";

/** API group of agent-sandbox's extensions. */
export const EXTENSIONS_GROUP = "extensions.agents.x-k8s.io";

/** A kind of object that native pools are made of, or that other programs make of them. */
export interface NativeKind {
  readonly kind: "SandboxTemplate" | "SandboxWarmPool" | "SandboxClaim" | "Sandbox";
  readonly group: string;
  readonly resource: string;
  /** What the service does with it. */
  readonly verbs: readonly string[];
}

const OWN = ["create", "delete", "get", "list", "patch", "watch"];

export const TEMPLATES: NativeKind = {
  kind: "SandboxTemplate",
  group: EXTENSIONS_GROUP,
  resource: "sandboxtemplates",
  verbs: OWN,
};
export const WARM_POOLS: NativeKind = {
  kind: "SandboxWarmPool",
  group: EXTENSIONS_GROUP,
  resource: "sandboxwarmpools",
  verbs: OWN,
};
/** It is only asked whether there are any. */
export const CLAIMS: NativeKind = {
  kind: "SandboxClaim",
  group: EXTENSIONS_GROUP,
  resource: "sandboxclaims",
  verbs: ["list"],
};
/** Those that agent-sandbox makes for a pool. */
export const MEMBERS: NativeKind = { kind: "Sandbox", group: SANDBOX_GROUP, resource: "sandboxes", verbs: ["list"] };

export const NATIVE_KINDS: readonly NativeKind[] = [TEMPLATES, WARM_POOLS, CLAIMS, MEMBERS];

/** `group/version` of a kind; there is one version of both groups. */
export function apiVersionOf({ group }: NativeKind): string {
  return `${group}/${SANDBOX_VERSION}`;
}

/** Path of the list of a kind in a namespace. */
export function listPath(kind: NativeKind, namespace: string): string {
  return `/apis/${apiVersionOf(kind)}/namespaces/${namespace}/${kind.resource}`;
}

/** What to do where there is none. */
export const INSTALL_EXTENSIONS =
  `Install agent-sandbox with its extensions, which serve ${EXTENSIONS_GROUP}/${SANDBOX_VERSION} ` +
  "(https://agent-sandbox.sigs.k8s.io), or leave --native-pools off.";

/** Label of what is kept for other programs: the pool, by its name, where that can be a label. */
export const POOL_NAME_LABEL = "dev.nullspace/pool";
/** Label of what is kept for other programs: the pool, by its id. */
export const POOL_ID_LABEL = "dev.nullspace/pool-id";
/** Label of what is kept for other programs: which generation of the pool it is. */
export const GENERATION_LABEL = "dev.nullspace/generation";
/** Label of the one SandboxWarmPool of a pool that is to be claimed from: `true`. */
export const CURRENT_LABEL = "dev.nullspace/current";
/** Annotation of what is kept for other programs: the build that it is of, `namespace/name:tb_…`. */
export const BUILD_ANNOTATION = "dev.nullspace/build";
/** Label of the pods of members, claimed or not: the SandboxWarmPool that they were made for. */
export const NATIVE_LABEL = "dev.nullspace.local.native";
/** Label of agent-sandbox's that a pod has which somebody has claimed. */
export const CLAIMED_LABEL = "agents.x-k8s.io/claim-uid";
