import { createHash } from "node:crypto";
import * as z from "zod";
import { INSTANCE_LABEL, PLACEMENT_LABEL } from "../../labels.ts";
import { KubernetesError } from "./client/errors.ts";
import { listAll } from "./client/follow-list.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { NETWORK_LABEL, ownSelector, PROBE_LABEL } from "./guest-labels.ts";
import { PROBE_PORT } from "./isolation-probe.ts";
import type { Placement } from "./placement.ts";

/** What the policies of a service are made for. */
export interface PolicyPlace {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly instanceId: string;
  /** Ranges that machines may reach beside the internet. */
  readonly allowedEgress: readonly string[];
  /** Machines of some may reach more. @default none */
  readonly placements?: ReadonlyMap<string, Placement> | undefined;
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
const Written = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), labels: z.record(z.string(), z.string()) }),
});

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

/**
 * Takes away what was written for placements and is not wanted any more: they allow nothing now, or are not defined any more and no
 * machine has them.
 *
 * @throws the client's errors
 */
export async function removeUnusedPolicies(
  place: PolicyPlace,
  hasMachines: (placement: string) => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  const { client, namespace, instanceId } = place;
  const folder = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
  const query = { labelSelector: ownSelector(instanceId, PLACEMENT_LABEL) };
  const { objects } = await listAll(client, { path: folder, query, object: Written, signal });
  const wanted = new Set(policiesOf(place).map(({ metadata }) => metadata.name));
  for (const { metadata } of objects) {
    const { name, uid, labels } = metadata;
    const placement = labels[PLACEMENT_LABEL] ?? "";
    if (wanted.has(name) || (!place.placements?.has(placement) && (await hasMachines(placement)))) continue;
    try {
      await client.json({ method: "DELETE", path: `${folder}/${name}`, body: { preconditions: { uid } } }, Anything);
    } catch (error) {
      // Gone, or another one by now.
      if (!(error instanceof KubernetesError) || (error.status !== 404 && error.status !== 409)) throw error;
    }
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
  const placed = [...(place.placements ?? [])].flatMap(([name, { allowedEgress: more = [] }]) => {
    if (more.length === 0) return [];
    const podSelector = selects({ [NETWORK_LABEL]: "internet", [PLACEMENT_LABEL]: name });
    const egress = [{ to: more.map((cidr) => ({ ipBlock: { cidr } })) }];
    return [policy(place, `placement-${name}`, { podSelector, ingress: [], egress }, { [PLACEMENT_LABEL]: name })];
  });
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
    ...placed,
  ];
}

function withLabel({ instanceId }: PolicyPlace, key: string): object {
  return { matchLabels: { [INSTANCE_LABEL]: instanceId }, matchExpressions: [{ key, operator: "Exists" }] };
}

function policy(
  { namespace, instanceId }: PolicyPlace,
  name: string,
  spec: object,
  labels: Readonly<Record<string, string>> = {},
) {
  const hash = createHash("sha256").update(instanceId).digest("hex").slice(0, 12);
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: `nullspace-${hash}-${name}`, namespace, labels: { [INSTANCE_LABEL]: instanceId, ...labels } },
    spec: { policyTypes: ["Ingress", "Egress"], ...spec },
  };
}
