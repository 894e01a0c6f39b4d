import { INSTANCE_LABEL } from "../../labels.ts";
import { CONTAINER } from "./guest-labels.ts";
import type { PodSettings } from "./pod-object.ts";

/** A pod that is no machine: it lives for a moment, to find something out or to bring something about. */
export interface AuxiliaryPod {
  readonly name: string;
  /** What it is for, beside whose it is. */
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly command: readonly string[];
  readonly cpu: string;
  readonly memory: string;
  /** A pod that a service left behind ends by itself after so long. */
  readonly deadlineSeconds: number;
  /** Node that it is given to, whatever a scheduler thinks. @default a scheduler finds one, as for a machine */
  readonly node?: string;
  /** @default the image's user */
  readonly user?: number;
}

/** Its image is pulled, and it is run, as a machine would be; it may do nothing, and asks for next to nothing. */
export function auxiliaryPod(pod: AuxiliaryPod, settings: PodSettings): object {
  const { namespace, instanceId, runtimeClass, nodeSelector, tolerations, pullSecrets = [] } = settings;
  const { node, user } = pod;
  // All three: a quota may ask for any of them.
  const size = { cpu: pod.cpu, memory: pod.memory, "ephemeral-storage": "1Mi" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: pod.name, namespace, labels: { [INSTANCE_LABEL]: instanceId, ...pod.labels } },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      activeDeadlineSeconds: pod.deadlineSeconds,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
      ...(node === undefined ? nodeSelector !== undefined && { nodeSelector } : { nodeName: node }),
      ...(tolerations !== undefined && { tolerations }),
      ...(runtimeClass !== undefined && { runtimeClassName: runtimeClass }),
      ...(pullSecrets.length > 0 && { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
      containers: [
        {
          name: CONTAINER,
          image: pod.image,
          imagePullPolicy: "IfNotPresent",
          command: pod.command,
          resources: { requests: size, limits: size },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
            ...(user !== undefined && { runAsUser: user, runAsNonRoot: user !== 0 }),
          },
        },
      ],
    },
  };
}
