import * as z from "zod";
import {
  BuildId,
  CheckoutPolicy,
  PROGRAM_SIZE,
  TagName,
  VersionPolicy,
  WARM_POOL_DEFAULTS,
} from "../../../sdk/wire/index.ts";
import { adopt } from "../ownership/adopt-input.ts";
import { TemplateAnyRef } from "../template-name-ref.ts";

/** Member of a pool's metadata in which the provider notes whose the pool is. */
export const OWNER_KEY = "pulumi";

/** Inputs of a `WarmPool`. */
export const WarmPoolInputs = z.object({
  name: z
    .string()
    .min(1)
    .max(160)
    .optional()
    .describe(
      "Name of the pool, unique among your live pools. Default: made from the resource's name, as Pulumi's automatic naming " +
        "is configured.",
    )
    .meta({ effect: "update", computed: true }),
  template: TemplateAnyRef.describe(
    "Template of the machines: `namespace/name`, optionally with a tag or a build after a colon.",
  ).meta({ effect: "update" }),
  minReady: z.int().min(0).describe("Machines to keep ready.").meta({ effect: "update" }),
  maxReady: z
    .int()
    .min(0)
    .describe("Most machines that may be ready or warming at a time; at least `minReady`.")
    .meta({ effect: "update" }),
  vcpus: z
    .int()
    .min(1)
    .default(PROGRAM_SIZE.vcpus)
    .describe(`Virtual CPUs of a machine. Default ${PROGRAM_SIZE.vcpus}.`)
    .meta({ effect: "update", formerName: "cpuCount" }),
  memoryMib: z
    .int()
    .min(1)
    .default(PROGRAM_SIZE.memoryMib)
    .describe(`Memory of a machine, MiB. Default ${PROGRAM_SIZE.memoryMib}.`)
    .meta({ effect: "update", formerName: "memoryMb" }),
  diskMb: z
    .int()
    .min(1)
    .optional()
    .describe("Disk of a machine, MB. Default: that of the template.")
    .meta({ effect: "update" }),
  checkoutPolicy: CheckoutPolicy.default(WARM_POOL_DEFAULTS.checkout_policy)
    .describe(
      "What a request for a machine does if it names no policy of its own: take a ready machine or else start one " +
        "(`prefer`), take a ready machine or fail (`require`), or never take one from the pool (`bypass`). " +
        `Default \`${WARM_POOL_DEFAULTS.checkout_policy}\`.`,
    )
    .meta({
      effect: "update",
      meanings: {
        prefer: "Takes a ready machine, or else starts one.",
        require: "Takes a ready machine, or fails.",
        bypass: "Never takes a machine from the pool.",
      },
    }),
  idleTimeoutSeconds: z
    .int()
    .min(1)
    .default(WARM_POOL_DEFAULTS.idle_timeout_seconds)
    .describe(
      "Ready machines above `minReady` are removed after this many seconds. " +
        `Default ${WARM_POOL_DEFAULTS.idle_timeout_seconds}.`,
    )
    .meta({ effect: "update" }),
  staleAfterSeconds: z
    .int()
    .min(1)
    .default(WARM_POOL_DEFAULTS.stale_after_seconds)
    .describe(
      `Ready machines older than this many seconds are replaced. Default ${WARM_POOL_DEFAULTS.stale_after_seconds}.`,
    )
    .meta({ effect: "update" }),
  versionPolicy: VersionPolicy.default(WARM_POOL_DEFAULTS.version_policy)
    .describe(
      "Stay with the build that `template` refers to when the pool is created (`pinned_build`), or follow a tag as it moves " +
        `(\`track_tag\`). Default \`${WARM_POOL_DEFAULTS.version_policy}\`.`,
    )
    .meta({
      effect: "update",
      meanings: {
        pinned_build: "Stays with the build that `template` refers to when the pool is created.",
        track_tag: "Follows a tag as it moves.",
      },
    }),
  trackTag: TagName.optional()
    .describe("Tag to follow, with `track_tag`. Default: the tag in `template`.")
    .meta({ effect: "update" }),
  buildId: BuildId.optional()
    .describe(
      "Build that the machines should be started from, `tb_…`, such as the `buildId` of the tag that the pool follows. With `track_tag`, " +
        "a new value makes the update wait until the pool has rolled to the tag's build; without this input the pool rolls " +
        "on its own, after the update. With `pinned_build`, it is the build that the pool is pinned to.",
    )
    .meta({ effect: "update" }),
  labels: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      "Labels to find pools by. On a local service with placements, `dev.nullspace.local.placement` also says on which of them the " +
        "machines run.",
    )
    .meta({ effect: "update", freeText: true }),
  metadata: z
    .record(z.string(), z.unknown())
    .refine((metadata) => !Object.hasOwn(metadata, OWNER_KEY), {
      error: `the member "${OWNER_KEY}" is the provider's own: choose another name`,
    })
    .optional()
    .describe("Any data to store with the pool.")
    .meta({ effect: "update", freeText: true }),
  enabled: z
    .boolean()
    .default(true)
    .describe("Whether the pool is filled and hands out machines. A disabled pool keeps its ready ones. Default true.")
    .meta({ effect: "update" }),
  waitForReady: z
    .boolean()
    .default(true)
    .describe("Whether an update waits until `minReady` machines of the right build are ready. Default true.")
    .meta({ effect: "ignore" }),
  drain: z
    .boolean()
    .default(false)
    .describe(
      "Whether a deletion waits until the pool's machines are no longer in use, for as long as its timeout allows; the pool " +
        "hands out none in the meantime. Otherwise machines in use keep running without the pool. Default false.",
    )
    .meta({ effect: "update" }),
  forceDelete: z
    .boolean()
    .default(false)
    .describe(
      "With `drain`: whether the pool is deleted even if machines of it are still in use when the time is up. They keep " +
        "running. Otherwise the deletion fails, and the next one waits again. Default false.",
    )
    .meta({ effect: "update" }),
  adopt: adopt("a pool of this name").meta({ effect: "ignore" }),
});

/** The inputs as Check leaves them. */
export const CheckedWarmPoolInputs = WarmPoolInputs.required({ name: true });
export type WarmPoolInputs = z.infer<typeof CheckedWarmPoolInputs>;

/** What a `WarmPool` has beside its inputs. */
export const WarmPoolOutputs = z.object({
  poolId: z.string().describe("Id of the pool, `twp_…`: pass it when you start a machine."),
  state: z.string().describe("`enabled`, `disabled` or `draining`."),
  resolvedBuildId: z.string().optional().describe("Build that the pool's machines are started from, `tb_…`."),
  ready: z.int().optional().describe("Machines that were ready when the resource last changed."),
  warming: z.int().optional().describe("Machines that were being started then."),
  claimed: z.int().optional().describe("Machines that were in use then."),
  rolloutGeneration: z.int().describe("Increases each time the pool moves to another build."),
});
export type WarmPoolOutputs = z.infer<typeof WarmPoolOutputs>;
