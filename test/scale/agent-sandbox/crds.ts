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

const EXTENSIONS_GROUP = "extensions.agents.x-k8s.io";

const replicas = { type: "integer", format: "int32", minimum: 0 };
const nameRef = { type: "object", required: ["name"], properties: { name: { type: "string" } } };
const policy = (...values: string[]) => ({ type: "string", enum: values, default: values[0] });

/** The definitions of the extensions' stand-ins, likewise our own. What they do not name is pruned, as a server does. */
export const EXTENSION_CRDS = [
  extension("SandboxTemplate", {
    spec: {
      type: "object",
      required: ["podTemplate"],
      properties: {
        podTemplate: SANDBOX_CRD.spec.versions[0]!.schema.openAPIV3Schema.properties.spec.properties.podTemplate,
        volumeClaimTemplates: { type: "array", items: ANYTHING },
        service: { type: "boolean" },
        networkPolicy: {
          type: "object",
          properties: { ingress: { type: "array", items: ANYTHING }, egress: { type: "array", items: ANYTHING } },
        },
        networkPolicyManagement: policy("Managed", "Unmanaged"),
        envVarsInjectionPolicy: policy("Disallowed", "Allowed", "Overrides"),
        volumeClaimTemplatesPolicy: policy("Disallowed", "Allowed", "Overrides"),
      },
    },
  }),
  extension(
    "SandboxWarmPool",
    {
      spec: {
        type: "object",
        required: ["sandboxTemplateRef"],
        properties: {
          replicas: { ...replicas, default: 1 },
          sandboxTemplateRef: nameRef,
          updateStrategy: { type: "object", properties: { type: policy("OnReplenish", "Recreate") } },
        },
      },
      status: {
        type: "object",
        properties: {
          replicas: { type: "integer", format: "int32" },
          readyReplicas: { type: "integer", format: "int32" },
          selector: { type: "string" },
          observedGeneration: { type: "integer", format: "int64", minimum: 0 },
        },
      },
    },
    {
      status: {},
      scale: {
        specReplicasPath: ".spec.replicas",
        statusReplicasPath: ".status.replicas",
        labelSelectorPath: ".status.selector",
      },
    },
  ),
  extension(
    "SandboxClaim",
    {
      spec: {
        type: "object",
        required: ["warmPoolRef"],
        properties: {
          warmPoolRef: nameRef,
          lifecycle: ANYTHING,
          additionalPodMetadata: ANYTHING,
          env: { type: "array", items: ANYTHING },
          volumeClaimTemplates: { type: "array", items: ANYTHING },
        },
      },
      status: ANYTHING,
    },
    { status: {} },
  ),
];

function extension(kind: string, properties: object, subresources?: object) {
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${EXTENSIONS_GROUP}`, annotations: SANDBOX_CRD.metadata.annotations },
    spec: {
      group: EXTENSIONS_GROUP,
      scope: "Namespaced",
      names: { kind, listKind: `${kind}List`, plural, singular },
      versions: [
        {
          name: SANDBOX_VERSION,
          served: true,
          storage: true,
          ...(subresources && { subresources }),
          schema: { openAPIV3Schema: { type: "object", required: ["spec"], properties } },
        },
      ],
    },
  };
}
