import { z } from "zod";
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
        "is set.",
    )
    .meta({ effect: "update", computed: true }),
  template: TemplateAnyRef.describe(
    "Template of the machines: `namespace/name`, with a tag or a build behind a colon where wanted.",
  ).meta({ effect: "update" }),
  minReady: z.int().min(0).describe("Machines to keep ready.").meta({ effect: "update" }),
  maxReady: z
    .int()
    .min(0)
    .describe("Most machines ready and warming together; at least `minReady`.")
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
      "What a request for a machine does when it does not say: take a ready one or else start one (`prefer`), take a ready " +
        "one or fail (`require`), or never take from the pool (`bypass`). " +
        `Default \`${WARM_POOL_DEFAULTS.checkout_policy}\`.`,
    )
    .meta({
      effect: "update",
      meanings: {
        prefer: "Takes a ready machine, or else starts one.",
        require: "Takes a ready machine, or fails.",
        bypass: "Never takes a machine of the pool.",
      },
    }),
  idleTimeoutSeconds: z
    .int()
    .min(1)
    .default(WARM_POOL_DEFAULTS.idle_timeout_seconds)
    .describe(
      "Ready machines above `minReady` are let go after so many seconds. " +
        `Default ${WARM_POOL_DEFAULTS.idle_timeout_seconds}.`,
    )
    .meta({ effect: "update" }),
  staleAfterSeconds: z
    .int()
    .min(1)
    .default(WARM_POOL_DEFAULTS.stale_after_seconds)
    .describe(
      `Ready machines older than so many seconds are replaced. Default ${WARM_POOL_DEFAULTS.stale_after_seconds}.`,
    )
    .meta({ effect: "update" }),
  versionPolicy: VersionPolicy.default(WARM_POOL_DEFAULTS.version_policy)
    .describe(
      "Stay with the build that `template` means when the pool is made (`pinned_build`), or follow a tag as it moves " +
        `(\`track_tag\`). Default \`${WARM_POOL_DEFAULTS.version_policy}\`.`,
    )
    .meta({
      effect: "update",
      meanings: {
        pinned_build: "Stays with the build that `template` means when the pool is made.",
        track_tag: "Follows a tag as it moves.",
      },
    }),
  trackTag: TagName.optional()
    .describe("Tag to follow, with `track_tag`. Default: the tag in `template`.")
    .meta({ effect: "update" }),
  buildId: BuildId.optional()
    .describe(
      "Build that the machines are to be of, `tb_…`, such as `buildId` of the tag that the pool follows. With `track_tag`, " +
        "a new one makes the update wait until the pool has rolled to the tag's build; without this input such a pool " +
        "rolls on its own, after the update. With `pinned_build`, it is the build that the pool is pinned to.",
    )
    .meta({ effect: "update" }),
  labels: z
    .record(z.string(), z.string())
    .optional()
    .describe("Labels to find pools by.")
    .meta({ effect: "update", freeText: true }),
  metadata: z
    .record(z.string(), z.unknown())
    .refine((metadata) => !Object.hasOwn(metadata, OWNER_KEY), {
      error: `the member "${OWNER_KEY}" is the provider's own: choose another name`,
    })
    .optional()
    .describe("Anything to keep with the pool.")
    .meta({ effect: "update", freeText: true }),
  enabled: z
    .boolean()
    .default(true)
    .describe("Whether the pool is filled and gives out machines. A disabled pool keeps its ready ones. Default true.")
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
      "Whether a deletion waits until nobody uses the pool's machines any more, for as long as it may take: the pool gives " +
        "out none meanwhile. Otherwise machines in use live on without the pool. Default false.",
    )
    .meta({ effect: "update" }),
  forceDelete: z
    .boolean()
    .default(false)
    .describe(
      "With `drain`: whether the pool is deleted although machines of it are still in use when the time is over. They live " +
        "on. Without it the deletion fails, and the next one waits again. Default false.",
    )
    .meta({ effect: "update" }),
  adopt: adopt("a pool of this name").meta({ effect: "ignore" }),
});

/** The inputs as Check leaves them. */
export const CheckedWarmPoolInputs = WarmPoolInputs.required({ name: true });
export type WarmPoolInputs = z.infer<typeof CheckedWarmPoolInputs>;

/** What a `WarmPool` has beside its inputs. */
export const WarmPoolOutputs = z.object({
  poolId: z.string().describe("Id of the pool, `twp_…`: name it when a machine is started."),
  state: z.string().describe("`enabled`, `disabled` or `draining`."),
  resolvedBuildId: z.string().optional().describe("Build that the pool's machines are started from, `tb_…`."),
  ready: z.int().optional().describe("Machines that were ready when the resource last changed."),
  warming: z.int().optional().describe("Machines that were being started then."),
  claimed: z.int().optional().describe("Machines that were in use then."),
  rolloutGeneration: z.int().describe("Goes up each time the pool moves to another build."),
});
export type WarmPoolOutputs = z.infer<typeof WarmPoolOutputs>;
