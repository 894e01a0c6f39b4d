import { createHash } from "node:crypto";
import { z } from "zod";
import { INSTANCE_LABEL } from "../../labels.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { NETWORK_LABEL, PROBE_LABEL } from "./guest-labels.ts";
import { PROBE_PORT } from "./isolation-probe.ts";

/** What the policies of a service are made for. */
export interface PolicyPlace {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly instanceId: string;
  /** Ranges that machines may reach beside the internet. */
  readonly allowedEgress: readonly string[];
}

/** Who writes them, for others that share them (server-side apply). */
const FIELD_MANAGER = "nullspace-local";

/**
 * What is not the internet: private ranges, in which pods, nodes and Services are, those of providers (RFC 6598), and link-local
 * ones, in which clouds tell machines who they are.
 */
const NOT_INTERNET = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"];
const NOT_INTERNET_6 = ["fc00::/7", "fe80::/10"];

const Anything = z.looseObject({});

/** Writes the policies of a service, or puts them right. @throws the client's errors */
export async function applyPolicies(place: PolicyPlace): Promise<void> {
  for (const policy of policiesOf(place)) {
    const path = `/apis/networking.k8s.io/v1/namespaces/${place.namespace}/networkpolicies/${policy.metadata.name}`;
    const request = {
      method: "PATCH",
      path,
      query: { fieldManager: FIELD_MANAGER, force: true },
      contentType: "application/apply-patch+yaml",
      body: policy,
    } as const;
    await place.client.json(request, Anything);
  }
}

/** Policies add up: what one of them allows, no other forbids. */
function policiesOf(place: PolicyPlace) {
  const { instanceId, allowedEgress } = place;
  const internet = [
    { ipBlock: { cidr: "0.0.0.0/0", except: NOT_INTERNET } },
    { ipBlock: { cidr: "::/0", except: NOT_INTERNET_6 } },
  ];
  const dns = {
    to: [
      {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
        podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
      },
    ],
    ports: [
      { port: 53, protocol: "UDP" },
      { port: 53, protocol: "TCP" },
    ],
  };
  const allowed = allowedEgress.map((cidr) => ({ ipBlock: { cidr } }));
  const selects = (labels: Record<string, string>) => ({ matchLabels: { [INSTANCE_LABEL]: instanceId, ...labels } });
  const port = { port: PROBE_PORT, protocol: "TCP" };
  return [
    // Nobody comes to a machine: whoever has business in it comes through the API server.
    policy(place, "machines", {
      podSelector: selects({ [NETWORK_LABEL]: "internet" }),
      ingress: [],
      egress: [dns, { to: [...internet, ...allowed] }],
    }),
    policy(place, "isolated", { podSelector: selects({ [NETWORK_LABEL]: "none" }), ingress: [], egress: [] }),
    // Where everything is forbidden that is not allowed, the probe has to be.
    policy(place, "probe-server", {
      podSelector: selects({ [PROBE_LABEL]: "server" }),
      ingress: [{ from: [{ podSelector: withLabel(place, PROBE_LABEL) }], ports: [port] }],
      egress: [],
    }),
    policy(place, "probe-control", {
      podSelector: selects({ [PROBE_LABEL]: "control" }),
      ingress: [],
      egress: [{ to: [{ podSelector: selects({ [PROBE_LABEL]: "server" }) }], ports: [port] }],
    }),
  ];
}

function withLabel({ instanceId }: PolicyPlace, key: string): object {
  return { matchLabels: { [INSTANCE_LABEL]: instanceId }, matchExpressions: [{ key, operator: "Exists" }] };
}

function policy({ namespace, instanceId }: PolicyPlace, name: string, spec: object) {
  const hash = createHash("sha256").update(instanceId).digest("hex").slice(0, 12);
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: `nullspace-${hash}-${name}`, namespace, labels: { [INSTANCE_LABEL]: instanceId } },
    spec: { policyTypes: ["Ingress", "Egress"], ...spec },
  };
}
