// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import type { ResourceProperties } from "../../classes/resource-properties.ts";
import type { ServiceRecordArgs, ServiceRecord } from "./shared-objects.ts";
/** Inputs of a {@link WarmPool}. */
export interface WarmPoolArgs {
  /**
   * Name of the pool, unique among your live pools.
   *
   * @default made from the resource's name, as Pulumi's automatic naming is configured
   */
  name?: pulumi.Input<string>;
  /** Template of the machines: `namespace/name`, optionally with a tag or a build after a colon. */
  template: pulumi.Input<string>;
  /** Machines to keep ready. */
  minReady: pulumi.Input<number>;
  /** Most machines that may be ready or warming at a time; at least `minReady`. */
  maxReady: pulumi.Input<number>;
  /**
   * Virtual CPUs of a machine.
   *
   * @default 2
   */
  vcpus?: pulumi.Input<number>;
  /**
   * Memory of a machine, MiB.
   *
   * @default 512
   */
  memoryMib?: pulumi.Input<number>;
  /**
   * Disk of a machine, MB.
   *
   * @default that of the template
   */
  diskMb?: pulumi.Input<number>;
  /**
   * What a request for a machine does if it names no policy of its own: take a ready machine or else start one (`prefer`), take a ready machine or fail (`require`), or never take one from the pool (`bypass`).
   *
   * @default `prefer`
   */
  checkoutPolicy?: pulumi.Input<"prefer" | "require" | "bypass">;
  /**
   * Ready machines above `minReady` are removed after this many seconds.
   *
   * @default 600
   */
  idleTimeoutSeconds?: pulumi.Input<number>;
  /**
   * Ready machines older than this many seconds are replaced.
   *
   * @default 900
   */
  staleAfterSeconds?: pulumi.Input<number>;
  /**
   * Stay with the build that `template` refers to when the pool is created (`pinned_build`), or follow a tag as it moves (`track_tag`).
   *
   * @default `pinned_build`
   */
  versionPolicy?: pulumi.Input<"pinned_build" | "track_tag">;
  /**
   * Tag to follow, with `track_tag`.
   *
   * @default the tag in `template`
   */
  trackTag?: pulumi.Input<string>;
  /** Build that the machines should be started from, `tb_…`, such as the `buildId` of the tag that the pool follows. With `track_tag`, a new value makes the update wait until the pool has rolled to the tag's build; without this input the pool rolls on its own, after the update. With `pinned_build`, it is the build that the pool is pinned to. */
  buildId?: pulumi.Input<string>;
  /** Labels to find pools by. On a local service with placements, `dev.nullspace.local.placement` also says on which of them the machines run. */
  labels?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Any data to store with the pool. */
  metadata?: pulumi.Input<{ [key: string]: pulumi.Input<unknown> }>;
  /**
   * Whether the pool is filled and hands out machines. A disabled pool keeps its ready ones.
   *
   * @default true
   */
  enabled?: pulumi.Input<boolean>;
  /**
   * Whether an update waits until `minReady` machines of the right build are ready.
   *
   * @default true
   */
  waitForReady?: pulumi.Input<boolean>;
  /**
   * Whether a deletion waits until the pool's machines are no longer in use, for as long as its timeout allows; the pool hands out none in the meantime. Otherwise machines in use keep running without the pool.
   *
   * @default false
   */
  drain?: pulumi.Input<boolean>;
  /**
   * With `drain`: whether the pool is deleted even if machines of it are still in use when the time is up. They keep running. Otherwise the deletion fails, and the next one waits again.
   *
   * @default false
   */
  forceDelete?: pulumi.Input<boolean>;
  /**
   * Take over a pool of this name that exists already, whoever created it, and change it to what the program says. From then on it belongs to this resource, and is deleted with it. Only used when the resource is created.
   *
   * @default false
   */
  adopt?: pulumi.Input<boolean>;
}
/** What may be given to look up a {@link WarmPool} by its ID. */
export interface WarmPoolState {
  /**
   * Name of the pool, unique among your live pools.
   *
   * @default made from the resource's name, as Pulumi's automatic naming is configured
   */
  name?: pulumi.Input<string>;
  /** Template of the machines: `namespace/name`, optionally with a tag or a build after a colon. */
  template?: pulumi.Input<string>;
  /** Machines to keep ready. */
  minReady?: pulumi.Input<number>;
  /** Most machines that may be ready or warming at a time; at least `minReady`. */
  maxReady?: pulumi.Input<number>;
  /**
   * Virtual CPUs of a machine.
   *
   * @default 2
   */
  vcpus?: pulumi.Input<number>;
  /**
   * Memory of a machine, MiB.
   *
   * @default 512
   */
  memoryMib?: pulumi.Input<number>;
  /**
   * Disk of a machine, MB.
   *
   * @default that of the template
   */
  diskMb?: pulumi.Input<number>;
  /**
   * What a request for a machine does if it names no policy of its own: take a ready machine or else start one (`prefer`), take a ready machine or fail (`require`), or never take one from the pool (`bypass`).
   *
   * @default `prefer`
   */
  checkoutPolicy?: pulumi.Input<"prefer" | "require" | "bypass">;
  /**
   * Ready machines above `minReady` are removed after this many seconds.
   *
   * @default 600
   */
  idleTimeoutSeconds?: pulumi.Input<number>;
  /**
   * Ready machines older than this many seconds are replaced.
   *
   * @default 900
   */
  staleAfterSeconds?: pulumi.Input<number>;
  /**
   * Stay with the build that `template` refers to when the pool is created (`pinned_build`), or follow a tag as it moves (`track_tag`).
   *
   * @default `pinned_build`
   */
  versionPolicy?: pulumi.Input<"pinned_build" | "track_tag">;
  /**
   * Tag to follow, with `track_tag`.
   *
   * @default the tag in `template`
   */
  trackTag?: pulumi.Input<string>;
  /** Build that the machines should be started from, `tb_…`, such as the `buildId` of the tag that the pool follows. With `track_tag`, a new value makes the update wait until the pool has rolled to the tag's build; without this input the pool rolls on its own, after the update. With `pinned_build`, it is the build that the pool is pinned to. */
  buildId?: pulumi.Input<string>;
  /** Labels to find pools by. On a local service with placements, `dev.nullspace.local.placement` also says on which of them the machines run. */
  labels?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Any data to store with the pool. */
  metadata?: pulumi.Input<{ [key: string]: pulumi.Input<unknown> }>;
  /**
   * Whether the pool is filled and hands out machines. A disabled pool keeps its ready ones.
   *
   * @default true
   */
  enabled?: pulumi.Input<boolean>;
  /**
   * Whether an update waits until `minReady` machines of the right build are ready.
   *
   * @default true
   */
  waitForReady?: pulumi.Input<boolean>;
  /**
   * Whether a deletion waits until the pool's machines are no longer in use, for as long as its timeout allows; the pool hands out none in the meantime. Otherwise machines in use keep running without the pool.
   *
   * @default false
   */
  drain?: pulumi.Input<boolean>;
  /**
   * With `drain`: whether the pool is deleted even if machines of it are still in use when the time is up. They keep running. Otherwise the deletion fails, and the next one waits again.
   *
   * @default false
   */
  forceDelete?: pulumi.Input<boolean>;
  /**
   * Take over a pool of this name that exists already, whoever created it, and change it to what the program says. From then on it belongs to this resource, and is deleted with it. Only used when the resource is created.
   *
   * @default false
   */
  adopt?: pulumi.Input<boolean>;
  /** Id of the pool, `twp_…`: pass it when you start a machine. */
  poolId?: pulumi.Input<string>;
  /** `enabled`, `disabled` or `draining`. */
  state?: pulumi.Input<string>;
  /** Build that the pool's machines are started from, `tb_…`. */
  resolvedBuildId?: pulumi.Input<string>;
  /** Machines that were ready when the resource last changed. */
  ready?: pulumi.Input<number>;
  /** Machines that were being started then. */
  warming?: pulumi.Input<number>;
  /** Machines that were in use then. */
  claimed?: pulumi.Input<number>;
  /** Increases each time the pool moves to another build. */
  rolloutGeneration?: pulumi.Input<number>;
  /** The service that the resource belongs to. If the provider is configured for another one, previews say so, and nothing is changed or dropped from the state. */
  service?: pulumi.Input<ServiceRecordArgs>;
}
/** What a {@link WarmPool} has. */
export interface WarmPoolOutputs {
  /**
   * Name of the pool, unique among your live pools.
   *
   * @default made from the resource's name, as Pulumi's automatic naming is configured
   */
  readonly name: pulumi.Output<string>;
  /** Template of the machines: `namespace/name`, optionally with a tag or a build after a colon. */
  readonly template: pulumi.Output<string>;
  /** Machines to keep ready. */
  readonly minReady: pulumi.Output<number>;
  /** Most machines that may be ready or warming at a time; at least `minReady`. */
  readonly maxReady: pulumi.Output<number>;
  /**
   * Virtual CPUs of a machine.
   *
   * @default 2
   */
  readonly vcpus: pulumi.Output<number>;
  /**
   * Memory of a machine, MiB.
   *
   * @default 512
   */
  readonly memoryMib: pulumi.Output<number>;
  /**
   * Disk of a machine, MB.
   *
   * @default that of the template
   */
  readonly diskMb: pulumi.Output<number | undefined>;
  /**
   * What a request for a machine does if it names no policy of its own: take a ready machine or else start one (`prefer`), take a ready machine or fail (`require`), or never take one from the pool (`bypass`).
   *
   * @default `prefer`
   */
  readonly checkoutPolicy: pulumi.Output<"prefer" | "require" | "bypass">;
  /**
   * Ready machines above `minReady` are removed after this many seconds.
   *
   * @default 600
   */
  readonly idleTimeoutSeconds: pulumi.Output<number>;
  /**
   * Ready machines older than this many seconds are replaced.
   *
   * @default 900
   */
  readonly staleAfterSeconds: pulumi.Output<number>;
  /**
   * Stay with the build that `template` refers to when the pool is created (`pinned_build`), or follow a tag as it moves (`track_tag`).
   *
   * @default `pinned_build`
   */
  readonly versionPolicy: pulumi.Output<"pinned_build" | "track_tag">;
  /**
   * Tag to follow, with `track_tag`.
   *
   * @default the tag in `template`
   */
  readonly trackTag: pulumi.Output<string | undefined>;
  /** Build that the machines should be started from, `tb_…`, such as the `buildId` of the tag that the pool follows. With `track_tag`, a new value makes the update wait until the pool has rolled to the tag's build; without this input the pool rolls on its own, after the update. With `pinned_build`, it is the build that the pool is pinned to. */
  readonly buildId: pulumi.Output<string | undefined>;
  /** Labels to find pools by. On a local service with placements, `dev.nullspace.local.placement` also says on which of them the machines run. */
  readonly labels: pulumi.Output<{ [key: string]: string } | undefined>;
  /** Any data to store with the pool. */
  readonly metadata: pulumi.Output<{ [key: string]: unknown } | undefined>;
  /**
   * Whether the pool is filled and hands out machines. A disabled pool keeps its ready ones.
   *
   * @default true
   */
  readonly enabled: pulumi.Output<boolean>;
  /**
   * Whether an update waits until `minReady` machines of the right build are ready.
   *
   * @default true
   */
  readonly waitForReady: pulumi.Output<boolean>;
  /**
   * Whether a deletion waits until the pool's machines are no longer in use, for as long as its timeout allows; the pool hands out none in the meantime. Otherwise machines in use keep running without the pool.
   *
   * @default false
   */
  readonly drain: pulumi.Output<boolean>;
  /**
   * With `drain`: whether the pool is deleted even if machines of it are still in use when the time is up. They keep running. Otherwise the deletion fails, and the next one waits again.
   *
   * @default false
   */
  readonly forceDelete: pulumi.Output<boolean>;
  /**
   * Take over a pool of this name that exists already, whoever created it, and change it to what the program says. From then on it belongs to this resource, and is deleted with it. Only used when the resource is created.
   *
   * @default false
   */
  readonly adopt: pulumi.Output<boolean>;
  /** Id of the pool, `twp_…`: pass it when you start a machine. */
  readonly poolId: pulumi.Output<string>;
  /** `enabled`, `disabled` or `draining`. */
  readonly state: pulumi.Output<string>;
  /** Build that the pool's machines are started from, `tb_…`. */
  readonly resolvedBuildId: pulumi.Output<string | undefined>;
  /** Machines that were ready when the resource last changed. */
  readonly ready: pulumi.Output<number | undefined>;
  /** Machines that were being started then. */
  readonly warming: pulumi.Output<number | undefined>;
  /** Machines that were in use then. */
  readonly claimed: pulumi.Output<number | undefined>;
  /** Increases each time the pool moves to another build. */
  readonly rolloutGeneration: pulumi.Output<number>;
  /** The service that the resource belongs to. If the provider is configured for another one, previews say so, and nothing is changed or dropped from the state. */
  readonly service: pulumi.Output<ServiceRecord | undefined>;
}
/** Names of the properties of a {@link WarmPool}. @internal */
export const WARM_POOL_PROPERTIES: ResourceProperties = {
  inputs: [
    "name",
    "template",
    "minReady",
    "maxReady",
    "vcpus",
    "memoryMib",
    "diskMb",
    "checkoutPolicy",
    "idleTimeoutSeconds",
    "staleAfterSeconds",
    "versionPolicy",
    "trackTag",
    "buildId",
    "labels",
    "metadata",
    "enabled",
    "waitForReady",
    "drain",
    "forceDelete",
    "adopt",
  ],
  outputs: ["poolId", "state", "resolvedBuildId", "ready", "warming", "claimed", "rolloutGeneration", "service"],
  secrets: [],
};
