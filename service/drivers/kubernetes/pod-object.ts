import type { GuestSpec } from "../../fleet/guests/machine-driver.ts";
import { INSTANCE_LABEL, PLACEMENT_LABEL, TEMPLATE_LABEL } from "../../labels.ts";
import { CAPABILITIES, mainCommand } from "../main-command.ts";
import {
  BUILD_LABEL,
  CONTAINER,
  GUEST_LABEL,
  MACHINE_LABEL,
  NETWORK_LABEL,
  podName,
  POOL_LABEL,
  TRIAL_LABEL,
  USER_ANNOTATION,
} from "./guest-labels.ts";
import { asUser } from "./launch-line.ts";
import type { Placement, PodPlace } from "./placement.ts";
import type { WantedObject } from "./wanted-object.ts";

/** What every pod of a service has. */
export interface PodSettings extends PodPlace {
  readonly namespace: string;
  readonly instanceId: string;
  /** What machines are to be. @default bare pods, and nobody asks whether there is anything else */
  readonly guest?: "auto" | "pod" | "sandbox" | undefined;
  /** Among which a pool may choose for its machines, by name. @default none */
  readonly placements?: ReadonlyMap<string, Placement> | undefined;
  /** Nodes pull the image of a pool's next build before its members roll to it. @default true */
  readonly pullsAhead?: boolean | undefined;
  /** Secrets of the namespace that nodes pull images with. @default those of the service account `default` */
  readonly pullSecrets?: readonly string[] | undefined;
}

/** A node that is not heard of for so long has lost its machines; by itself Kubernetes waits five minutes. */
const LOST_NODE_SECONDS = 30;

/** What a main process does when it is told to end is its own affair; who removes a machine has no use for it. */
const GRACE_SECONDS = 1;

/** The pod of a guest. @param settings with those of its placement in them */
export function podObject(spec: GuestSpec, settings: PodSettings): WantedObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(spec.guestId),
      namespace: settings.namespace,
      labels: podLabels(spec, settings.instanceId),
      ...(spec.artifact.user !== undefined && { annotations: { [USER_ANNOTATION]: spec.artifact.user } }),
    },
    spec: podSpec(spec, settings),
  };
}

function podLabels(spec: GuestSpec, instanceId: string): Record<string, string> {
  return {
    [INSTANCE_LABEL]: instanceId,
    [TEMPLATE_LABEL]: spec.artifact.templateId,
    [NETWORK_LABEL]: spec.internetAccess ? "internet" : "none",
    ...(spec.buildId === undefined
      ? { [GUEST_LABEL]: spec.guestId }
      : { [TRIAL_LABEL]: spec.guestId, [BUILD_LABEL]: spec.buildId }),
    ...(spec.placement !== undefined && { [PLACEMENT_LABEL]: spec.placement }),
    ...(spec.poolId !== undefined && { [POOL_LABEL]: spec.poolId }),
    ...(spec.machineId !== undefined && { [MACHINE_LABEL]: spec.machineId }),
  };
}

function podSpec(spec: GuestSpec, settings: PodSettings): object {
  const { artifact } = spec;
  const { runtimeClass, nodeSelector, tolerations = [], pullSecrets = [] } = settings;
  // Equal requests and limits: what a machine is promised, it has, and others have not. Only processors may be shared.
  const size = {
    memory: `${spec.memoryMb}Mi`,
    ...(spec.diskMb !== undefined && { "ephemeral-storage": `${spec.diskMb}Mi` }),
  };
  return {
    restartPolicy: "Never",
    terminationGracePeriodSeconds: GRACE_SECONDS,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // The pod's own first process reaps what a main process leaves, as Docker's init does.
    shareProcessNamespace: true,
    securityContext: { seccompProfile: { type: "RuntimeDefault" } },
    tolerations: [...tolerations, ...["not-ready", "unreachable"].map(tolerateLost)],
    ...(runtimeClass !== undefined && { runtimeClassName: runtimeClass }),
    ...(nodeSelector !== undefined && { nodeSelector }),
    ...(pullSecrets.length > 0 && { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
    containers: [
      {
        name: CONTAINER,
        image: artifact.imageId,
        imagePullPolicy: "IfNotPresent",
        command: ["sh", "-c", literal(startScript(spec))],
        env: Object.entries(artifact.env).map(([name, value]) => ({ name, value: literal(value) })),
        ...(artifact.workdir !== undefined && { workingDir: artifact.workdir }),
        resources: {
          requests: { cpu: `${millicores(spec.vcpus, settings)}m`, ...size },
          limits: { cpu: `${spec.vcpus * 1000}m`, ...size },
        },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"], add: CAPABILITIES },
          ...numericUser(artifact.user),
        },
      },
    ],
  };
}

/** Of a processor, what a machine has for certain. */
export function millicores(vcpus: number, { cpuOvercommit = 1 }: Pick<PodSettings, "cpuOvercommit">): number {
  return Math.max(1, Math.round((vcpus * 1000) / cpuOvercommit));
}

/** A user by name is not Kubernetes' to find in an image: the main process becomes it by itself. */
function startScript({ artifact }: GuestSpec): string {
  const command = mainCommand(artifact);
  const { user } = artifact;
  if (user === undefined || numericUser(user) !== undefined) return command;
  return asUser(user, ["sh", "-c", command]);
}

function numericUser(user: string | undefined) {
  const [, uid, gid] = /^(\d{1,9})(?::(\d{1,9}))?$/.exec(user ?? "") ?? [];
  if (uid === undefined) return undefined;
  return {
    runAsUser: Number(uid),
    ...(gid !== undefined && { runAsGroup: Number(gid) }),
    ...(Number(uid) !== 0 && { runAsNonRoot: true }),
  };
}

function tolerateLost(key: string): object {
  const effect = { operator: "Exists", effect: "NoExecute", tolerationSeconds: LOST_NODE_SECONDS };
  return { key: `node.kubernetes.io/${key}`, ...effect };
}

/** Kubernetes replaces `$(NAME)` in commands and variables, and makes one of two dollars: a dollar is written as two. */
function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}
