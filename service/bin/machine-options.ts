import type { LocalServiceOptions } from "../local-service.ts";
import { isRange, LABEL_KEY, LABEL_VALUE, OBJECT_NAME, TAINT_EFFECTS } from "../parts/kubernetes-names.ts";
import type { KubernetesOptions, Toleration } from "../parts/kubernetes-options.ts";
import { UsageError } from "./usage-error.ts";

/** Options of `serve` that say what runs machines, as `parseArgs` takes them. */
export const MACHINE_OPTIONS = {
  machines: { type: "string" },
  kubeconfig: { type: "string" },
  context: { type: "string" },
  namespace: { type: "string" },
  guest: { type: "string" },
  "cpu-overcommit": { type: "string" },
  "runtime-class": { type: "string" },
  "node-selector": { type: "string", multiple: true },
  toleration: { type: "string", multiple: true },
  placements: { type: "string" },
  "pull-ahead": { type: "string" },
  "native-pools": { type: "string" },
  "network-policy": { type: "string" },
  "allow-egress": { type: "string", multiple: true },
  "probe-image": { type: "string" },
  "pull-secret": { type: "string", multiple: true },
} as const;

/** What `--help` says of them. */
export const MACHINE_USAGE = `  --machines KIND    what runs machines: docker (default), or kubernetes, each machine a pod; for kubernetes there are
  --kubeconfig FILE  how to reach it (default $KUBECONFIG, else the cluster that the service runs in, else ~/.kube/config)
  --context NAME     a context of the kubeconfig (default the current one)
  --namespace NAME   where the pods are (default that of the context)
  --guest KIND       what a machine is: a bare pod, a sandbox of agent-sandbox, or auto (default): a sandbox where there are such
  --cpu-overcommit N  machines that may share a processor (default 1); memory is never shared
  --runtime-class NAME  the pods' RuntimeClass, such as gvisor (default the cluster's)
  --node-selector KEY=VALUE  label that a node must have (may be repeated)
  --toleration KEY[=VALUE][:EFFECT]  taint of nodes that they run on all the same (may be repeated)
  --placements FILE  YAML with placements that pools choose among by a label: runtime classes, nodes, networks (default none)
  --pull-ahead on|off  nodes pull the image of a pool's next build before the pool rolls to it (default on)
  --native-pools on|off  pools with the label dev.nullspace/native-replicas are kept for SandboxClaims, too (default off)
  --network-policy managed|none  the service writes what keeps machines apart, and proves whether it is enforced (default managed)
  --allow-egress CIDR  addresses that machines may reach beside the internet (may be repeated)
  --probe-image IMAGE  has sh and nc, for that proof (default the image of the builtin template)
  --pull-secret NAME  secret of the namespace that nodes pull images with (may be repeated)`;

/** What `parseArgs` makes of {@link MACHINE_OPTIONS}, and what builds. */
export type MachineArguments = { builder?: string | undefined } & {
  [Name in keyof typeof MACHINE_OPTIONS]?:
    ((typeof MACHINE_OPTIONS)[Name] extends { multiple: true } ? string[] : string) | undefined;
};

const EXAMPLE =
  "--machines kubernetes --builder buildkit --builder-address tcp://builder:1234 --registry registry.example/team/nullspace";

const GUESTS = ["auto", "pod", "sandbox"] as const;

/** @throws UsageError */
export function readMachines(values: MachineArguments): Pick<LocalServiceOptions, "kubernetes"> {
  const { machines: kind = "docker" } = values;
  if (kind !== "docker" && kind !== "kubernetes") {
    throw new UsageError(`--machines ${kind} is neither docker nor kubernetes.`);
  }
  if (kind === "kubernetes") {
    if (values.builder !== "buildkit") {
      throw new UsageError(
        `--machines kubernetes needs images that nodes can pull, and Docker Engine keeps its own. Type: ${EXAMPLE}`,
      );
    }
    return { kubernetes: readKubernetes(values) };
  }
  const stray = Object.keys(MACHINE_OPTIONS).find((name) => name !== "machines" && name in values);
  if (stray !== undefined)
    throw new UsageError(`--${stray} is for machines on Kubernetes: say --machines kubernetes, too.`);
  return {};
}

function readKubernetes(values: MachineArguments): KubernetesOptions {
  const { kubeconfig, context, namespace, "runtime-class": runtimeClass, "pull-secret": secrets } = values;
  const overcommit = values["cpu-overcommit"];
  const labels = values["node-selector"]?.map(readLabel);
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(namespace !== undefined && { namespace: readName("namespace", namespace) }),
    ...(values.guest !== undefined && { guest: readGuest(values.guest) }),
    ...(overcommit !== undefined && { cpuOvercommit: readOvercommit(overcommit) }),
    ...(runtimeClass !== undefined && { runtimeClass: readName("runtime-class", runtimeClass) }),
    ...(labels !== undefined && { nodeSelector: Object.fromEntries(labels) as Record<string, string> }),
    ...(values.toleration !== undefined && { tolerations: values.toleration.map(readToleration) }),
    ...(values.placements !== undefined && { placements: values.placements }),
    ...(values["pull-ahead"] !== undefined && { pullsAhead: readSwitch("pull-ahead", values["pull-ahead"]) }),
    ...(values["native-pools"] !== undefined && { nativePools: readSwitch("native-pools", values["native-pools"]) }),
    ...readNetwork(values),
    ...(secrets !== undefined && { pullSecrets: secrets.map((name) => readName("pull-secret", name)) }),
  };
}

function readGuest(text: string): (typeof GUESTS)[number] {
  const guest = GUESTS.find((known) => known === text);
  if (guest === undefined) throw new UsageError(`--guest ${text} is not one of ${GUESTS.join(", ")}.`);
  return guest;
}

function readOvercommit(text: string): number {
  if (!/^[1-9]\d?$|^100$/.test(text)) throw new UsageError(`--cpu-overcommit ${text} is not a number (1 to 100).`);
  return Number(text);
}

function readNetwork(values: MachineArguments): Partial<KubernetesOptions> {
  const { "network-policy": policy, "allow-egress": ranges, "probe-image": image } = values;
  if (policy !== undefined && policy !== "managed" && policy !== "none") {
    throw new UsageError(`--network-policy ${policy} is neither managed nor none.`);
  }
  if (policy === "none" && (ranges !== undefined || image !== undefined)) {
    throw new UsageError("--allow-egress and --probe-image are for --network-policy managed.");
  }
  return {
    ...(policy !== undefined && { networkPolicy: policy }),
    ...(ranges !== undefined && { allowedEgress: ranges.map(readRange) }),
    ...(image !== undefined && { probeImage: image }),
  };
}

function readRange(text: string): string {
  if (!isRange(text)) throw new UsageError(`--allow-egress ${text} is not a range, such as 10.8.0.0/16.`);
  return text;
}

function readSwitch(option: string, text: string): boolean {
  if (text !== "on" && text !== "off") throw new UsageError(`--${option} ${text} is neither on nor off.`);
  return text === "on";
}

function readName(option: string, text: string): string {
  if (!OBJECT_NAME.test(text))
    throw new UsageError(`--${option} ${text} is not a name (lower-case letters, digits, - and .).`);
  return text;
}

function readLabel(text: string): [string, string] {
  const at = text.indexOf("=");
  const [key, value] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 0 || !LABEL_KEY.test(key) || !LABEL_VALUE.test(value)) {
    throw new UsageError(`--node-selector ${text} is not a label, such as disktype=ssd.`);
  }
  return [key, value];
}

function readToleration(text: string): Toleration {
  const [, key = "", value, effect] = /^([^=:]+)(?:=([^:]*))?(?::(.+))?$/.exec(text) ?? [];
  const known = TAINT_EFFECTS.find((name) => name === effect);
  if (!LABEL_KEY.test(key) || !LABEL_VALUE.test(value ?? "") || (effect !== undefined && known === undefined)) {
    throw new UsageError(
      `--toleration ${text} is not a taint, such as dedicated=machines:NoSchedule (${TAINT_EFFECTS.join(", ")}).`,
    );
  }
  return { key, ...(value !== undefined && { value }), ...(known !== undefined && { effect: known }) };
}
