/** Machines as pods of a Kubernetes cluster. */
export interface KubernetesOptions {
  /**
   * Path of a kubeconfig.
   *
   * @default the files of KUBECONFIG; else the cluster that the service runs in; else `~/.kube/config`
   */
  readonly kubeconfig?: string | undefined;
  /** @default the kubeconfig's current one */
  readonly context?: string | undefined;
  /** @default that of the context, or of the service's own pod */
  readonly namespace?: string | undefined;
  /**
   * What each machine is: a bare pod, or a Sandbox of agent-sandbox (`agents.x-k8s.io/v1beta1`), which makes the pod. `auto` takes
   * Sandboxes where the cluster serves them and the service's account may make them, else pods.
   *
   * @default `auto`
   */
  readonly guest?: "auto" | "pod" | "sandbox" | undefined;
  /**
   * How many machines may share a processor: each is sure of its `vcpus` divided by this, and may take all of them while nobody
   * else wants them. Memory is never shared.
   *
   * @default 1
   */
  readonly cpuOvercommit?: number | undefined;
  /** @default the cluster's own */
  readonly runtimeClass?: string | undefined;
  /**
   * Labels that a node must have to run machines.
   *
   * @default none
   */
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
  /**
   * Taints of nodes that machines run on all the same.
   *
   * @default none
   */
  readonly tolerations?: readonly Toleration[] | undefined;
  /**
   * Path of a YAML file with placements, which a pool chooses among by its label `dev.nullspace.local.placement`: other nodes, another
   * `RuntimeClass`, more addresses to reach. It is read at the start.
   *
   * @default none
   */
  readonly placements?: string | undefined;
  /**
   * Whether every node that machines may start on pulls the image of a pool's next build before the pool rolls to it.
   *
   * @default true
   */
  readonly pullsAhead?: boolean | undefined;
  /**
   * Whether pools that ask for it (label `dev.nullspace/native-replicas`) are also kept as SandboxWarmPools of agent-sandbox, for
   * SandboxClaims of other programs.
   *
   * @default false
   */
  readonly nativePools?: boolean | undefined;
  /**
   * Who writes the NetworkPolicies that keep machines apart: `managed`, this service, which then proves whether they are enforced;
   * `none`, nobody or somebody else, and no machine can be without internet access.
   *
   * @default `managed`
   */
  readonly networkPolicy?: "managed" | "none" | undefined;
  /**
   * Ranges of addresses (CIDR) that machines may reach beside the internet.
   *
   * @default none
   */
  readonly allowedEgress?: readonly string[] | undefined;
  /**
   * Image with `sh` and `nc` by which it is proved that policies are enforced.
   *
   * @default the image of the builtin template
   */
  readonly probeImage?: string | undefined;
  /**
   * Secrets of the namespace, by name, that nodes pull images with.
   *
   * @default those of the namespace's service account `default`
   */
  readonly pullSecrets?: readonly string[] | undefined;
}

/** A taint that is tolerated (`v1.Toleration`). */
export interface Toleration {
  readonly key: string;
  /** @default any */
  readonly value?: string | undefined;
  /** @default every effect */
  readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute" | undefined;
}
