import { answerTimeout } from "pulumi-nullspace/concurrency";
import * as z from "zod";
import { findCluster } from "../../drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesClient } from "../../drivers/kubernetes/client/kubernetes-client.ts";
import { SANDBOX_VERBS } from "../../drivers/kubernetes/guest-choice.ts";
import { SANDBOXES } from "../../drivers/kubernetes/guest-kinds.ts";
import { ownSelector } from "../../drivers/kubernetes/guest-labels.ts";
import { NATIVE_KINDS } from "../../drivers/kubernetes/native-pools/native-api.ts";
import { isAllowed } from "../../drivers/kubernetes/permissions.ts";
import { asError } from "../../errors.ts";
import type { KubernetesOptions } from "../../parts/kubernetes-options.ts";
import { podSettings } from "../../parts/kubernetes.ts";
import { readPlacements } from "../../parts/placements-file.ts";
import type { Finding } from "./findings.ts";
import { inspectPlacements, placementFinding, type PlacementReport } from "./placement-report.ts";

/** How long the cluster may take for all of it. */
const TIMEOUT_MS = 15_000;

/** What the service cannot do without, as `kubectl auth can-i` spells it. */
const NEEDS: readonly (readonly [verb: string, resource: string])[] = [
  ["create", "pods"],
  ["delete", "pods"],
  ["get", "pods"],
  ["list", "pods"],
  ["watch", "pods"],
  ["get", "pods/log"],
  ["create", "pods/exec"],
  ["get", "pods/exec"],
];

/** What else it has to do where it keeps machines apart itself. */
const POLICIES: typeof NEEDS = [
  ["create", "networkpolicies.networking.k8s.io"],
  ["patch", "networkpolicies.networking.k8s.io"],
];

/** And where placements let their machines reach more. */
const PLACED_POLICIES: typeof NEEDS = [
  ["delete", "networkpolicies.networking.k8s.io"],
  ["list", "networkpolicies.networking.k8s.io"],
];

/** And where it makes Sandboxes. */
const SANDBOX_NEEDS = SANDBOX_VERBS.map((verb) => [verb, `${SANDBOXES.resource}.${SANDBOXES.group}`] as const);

/** And where it keeps pools for other programs. */
const NATIVE_NEEDS = NATIVE_KINDS.flatMap(({ verbs, resource, group }) =>
  verbs.map((verb) => [verb, `${resource}.${group}`] as const),
);

const Version = z.looseObject({ gitVersion: z.string() });
const Pods = z.looseObject({ items: z.array(z.unknown()) });

/** The cluster of one service. */
export interface ClusterReport {
  /** Name in the kubeconfig, and address. */
  name?: string;
  server?: string;
  namespace?: string;
  version?: string;
  /** Pods of this service. */
  pods?: number;
  /** What the service may not do and has to: `create pods`. */
  forbidden?: string[];
  /** Where machines run. */
  placements?: PlacementReport[];
  /** Why it cannot be used. */
  problem?: string;
}

/** Asks a cluster about what the service of a data folder has there, and may do there. Changes nothing. */
export async function inspectCluster(
  options: KubernetesOptions,
  instanceId: string | undefined,
): Promise<ClusterReport> {
  const report: ClusterReport = {};
  let client: KubernetesClient | undefined;
  using timeout = answerTimeout(TIMEOUT_MS);
  const { signal } = timeout;
  try {
    const placements = options.placements === undefined ? undefined : readPlacements(options.placements);
    const access = await findCluster(options);
    const namespace = options.namespace ?? access.namespace;
    Object.assign(report, { name: access.name, server: access.server, namespace });
    client = new KubernetesClient(access);
    const { gitVersion } = await client.json({ method: "GET", path: "/version", signal }, Version);
    report.version = gitVersion;
    const isAllowing = [...(placements?.values() ?? [])].some(({ allowedEgress = [] }) => allowedEgress.length > 0);
    const policies = options.networkPolicy === "none" ? [] : [...POLICIES, ...(isAllowing ? PLACED_POLICIES : [])];
    // Without them `auto` makes pods.
    const sandboxes = options.guest === "sandbox" ? SANDBOX_NEEDS : [];
    const native = options.nativePools === true ? NATIVE_NEEDS : [];
    const needs = distinct([...NEEDS, ...policies, ...sandboxes, ...native]);
    report.forbidden = await forbiddenOf(client, namespace, needs, signal);
    const settings = podSettings(options, namespace, instanceId ?? "", placements);
    report.placements = await inspectPlacements(client, settings, signal);
    if (report.forbidden.includes("list pods") || instanceId === undefined) return report;
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const query = { labelSelector: ownSelector(instanceId) };
    report.pods = (await client.json({ method: "GET", path, query, signal }, Pods)).items.length;
    return report;
  } catch (error) {
    return { ...report, problem: asError(error).message };
  } finally {
    await client?.close();
  }
}

/** One may be needed for more than one thing. */
function distinct(needs: typeof NEEDS): typeof NEEDS {
  return [...new Map(needs.map((need) => [need.join(" "), need])).values()];
}

/** Asks the API server itself, which knows of every authorizer. */
async function forbiddenOf(
  client: KubernetesClient,
  namespace: string,
  needs: typeof NEEDS,
  signal: AbortSignal,
): Promise<string[]> {
  const answers = await Promise.all(
    needs.map(async ([verb, what]) => {
      const [, resource = "", group = "", subresource] = /^([^./]+)(?:\.([^/]+))?(?:\/(.+))?$/.exec(what) ?? [];
      const mayDo = await isAllowed(client, { namespace, verb, resource, group, subresource }, signal);
      return mayDo ? [] : [`${verb} ${what}`];
    }),
  );
  return answers.flat();
}

/** What is wrong with a cluster, and with each place where machines run there, and what to do. */
export function clusterFindings(report: ClusterReport): Finding[] {
  return [clusterFinding(report), ...(report.placements ?? []).map(placementFinding)];
}

function clusterFinding({ name, server, namespace, version, pods, forbidden = [], problem }: ClusterReport): Finding {
  const where = name === undefined ? "the cluster" : `${name} at ${server}`;
  if (problem !== undefined) {
    const advice =
      "See that the kubeconfig leads to a cluster that answers, and lets this service in (--kubeconfig, --context).";
    return { name: "cluster", status: "fail", message: `${where} cannot be used: ${problem}`, advice };
  }
  const has = pods === undefined ? "" : `, ${pods} pods of this service`;
  const message = `Kubernetes ${version} at ${where}, namespace ${namespace}${has}`;
  if (forbidden.length === 0) return { name: "cluster", status: "ok", message };
  return {
    name: "cluster",
    status: "fail",
    message: `${message}; the service may not ${forbidden.join(", ")} there`,
    advice: "Give its account the role in docs/kubernetes.md, in this namespace.",
    command: `kubectl auth can-i ${forbidden[0]} --namespace ${namespace}`,
  };
}
