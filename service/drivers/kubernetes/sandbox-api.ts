/** API group of agent-sandbox's Sandbox. */
export const SANDBOX_GROUP = "agents.x-k8s.io";
/** The one version of it that there is. */
export const SANDBOX_VERSION = "v1beta1";

/** What to do where there is none. */
export const INSTALL_SANDBOXES =
  `Install agent-sandbox, which serves Sandboxes of ${SANDBOX_GROUP}/${SANDBOX_VERSION} ` +
  "(https://agent-sandbox.sigs.k8s.io), or have machines be bare pods (--guest pod).";

/** Annotation of a Sandbox: uid of the pod that the guest is. Without it the guest has not begun. */
export const POD_ANNOTATION = "dev.nullspace.local/pod";
