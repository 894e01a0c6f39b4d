import { SANDBOX_GROUP, SANDBOX_VERSION } from "../../../service/drivers/kubernetes/sandbox-api.ts";

/** Anything: what is inside is checked where it becomes a pod. */
const ANYTHING = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/**
 * The Sandbox of the stand-in: a definition of our own, with the fields of agent-sandbox's v1beta1 that are known of it. It is not
 * agent-sandbox's.
 */
export const SANDBOX_CRD = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: `sandboxes.${SANDBOX_GROUP}`,
    // The server wants it of every definition below k8s.io.
    annotations: { "api-approved.kubernetes.io": "unapproved, a stand-in of nullspace-local's tests" },
  },
  spec: {
    group: SANDBOX_GROUP,
    scope: "Namespaced",
    names: { kind: "Sandbox", listKind: "SandboxList", plural: "sandboxes", singular: "sandbox" },
    versions: [
      {
        name: SANDBOX_VERSION,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            required: ["spec"],
            properties: {
              spec: {
                type: "object",
                required: ["podTemplate"],
                properties: {
                  podTemplate: {
                    type: "object",
                    required: ["spec"],
                    properties: { metadata: ANYTHING, spec: ANYTHING },
                  },
                  volumeClaimTemplates: { type: "array", items: ANYTHING },
                  service: { type: "boolean" },
                  shutdownTime: { type: "string", format: "date-time" },
                  shutdownPolicy: { type: "string", enum: ["Delete", "Retain"] },
                  operatingMode: { type: "string", enum: ["Running", "Suspended"], default: "Running" },
                },
              },
              status: ANYTHING,
            },
          },
        },
      },
    ],
  },
};
