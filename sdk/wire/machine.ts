import * as z from "zod";
import { EXEC_DEFAULTS, MACHINE_DEFAULTS } from "./defaults.ts";
import { optionalFlag, optionalInt, optionalText, optionalTime } from "./optional-members.ts";
import { openEnum } from "./open-enum.ts";
import { Timestamp } from "./timestamp.ts";
import { CheckoutPolicy } from "./warm-pool.ts";
import { Env, Word } from "./word.ts";

/** From which pool to take the machine, and how hard to try. */
export const WarmPoolRequest = z
  .object({
    id: z.string().min(1).optional().describe("Needed unless mode is bypass"),
    mode: CheckoutPolicy.optional().describe("Default: the pool's own policy"),
    wait_ms: z.int().min(0).optional().describe("Wait this long for a ready machine; default 0"),
  })
  .meta({ id: "WarmPoolRequest" });
export type WarmPoolRequest = z.infer<typeof WarmPoolRequest>;

/** A machine to start. */
export const CreateMachineRequest = z
  .looseObject({
    template: z.string().min(1).optional().describe(`Template reference; default ${MACHINE_DEFAULTS.template}`),
    snapshot_id: z.string().min(1).nullish(),
    vcpus: z.int().min(1).optional().describe(`Default ${MACHINE_DEFAULTS.vcpus}`),
    memory_mb: z.int().min(1).optional().describe(`Default ${MACHINE_DEFAULTS.memory_mb}`),
    disk_mb: z.int().min(1).nullish(),
    timeout_ms: z.int().min(1).optional().describe(`Default ${MACHINE_DEFAULTS.timeout_ms}`),
    timeout_action: z.enum(["destroy", "hibernate"]).nullish(),
    inactivity_timeout_ms: z.int().min(1).nullish(),
    auto_delete_after_ms: z.int().min(1).nullish(),
    ephemeral: optionalFlag,
    auto_resume: optionalFlag,
    envs: Env.nullish(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
    internet_access: optionalFlag,
    cwd: Word.nullish(),
    desktop: z.unknown().optional(),
    network: z.unknown().optional(),
    volumes: z.unknown().optional(),
    lifecycle: z.object({ on_timeout: z.enum(["destroy", "pause"]) }).nullish(),
    warm_pool: WarmPoolRequest.nullish(),
  })
  .meta({ id: "CreateMachineRequest" });
export type CreateMachineRequest = z.infer<typeof CreateMachineRequest>;

/** Where the machine came from. */
export const WarmPoolCheckout = z
  .looseObject({
    source: openEnum(["ready_instance", "cold_create", "bypassed"]),
    hit: z.boolean().describe("A ready machine was claimed"),
    id: optionalText,
    mode: openEnum(["prefer", "require", "bypass"]).optional(),
    wait_ms: optionalInt,
  })
  .meta({ id: "WarmPoolCheckout" });
export type WarmPoolCheckout = z.infer<typeof WarmPoolCheckout>;

/** Where a machine is in its life. */
export const MachineStatus = openEnum(["creating", "running", "paused", "destroyed", "error"]);
export type MachineStatus = z.infer<typeof MachineStatus>;

const config = z.looseObject({ vcpus: z.int(), memory_mb: z.int(), disk_mb: optionalInt });

/** A machine. */
export const Machine = z
  .looseObject({
    id: z.string().describe("mch_…"),
    template: z.string(),
    status: MachineStatus,
    config,
    created_at: Timestamp,
    metadata: z.record(z.string(), z.unknown()).optional(),
    started_at: optionalTime,
    timeout_at: optionalTime,
    expires_at: optionalTime,
    timeout_action: optionalText,
    timeout_ms: optionalInt,
    remaining_ms: optionalInt,
    cwd: optionalText,
    snapshot_id: optionalText,
    last_active_at: optionalTime,
    inactivity_timeout_ms: optionalInt,
    auto_delete_after_ms: optionalInt,
    ephemeral: optionalFlag,
    warm_pool_checkout: WarmPoolCheckout.nullish(),
    error: optionalText.describe("Why its status is error"),
  })
  .meta({ id: "Machine" });
export type Machine = z.infer<typeof Machine>;

/** A machine as a list shows it. */
export const MachineListItem = z
  .looseObject({
    ...Machine.shape,
    template: z.string().optional(),
    created_at: Timestamp.optional(),
  })
  .meta({ id: "MachineListItem" });
export type MachineListItem = z.infer<typeof MachineListItem>;

/** One page of machines. */
export const MachineList = z
  .looseObject({
    items: z.array(MachineListItem),
    has_next: z.boolean().default(false),
    next_token: optionalText,
  })
  .meta({ id: "MachineList" });
export type MachineList = z.infer<typeof MachineList>;

/** Filters and page of a machine list. */
export const MachineListQuery = z
  .object({
    state: z.string().optional().describe("Statuses, separated by commas"),
    template: z.string().optional(),
    metadata: z.string().optional().describe("JSON object; every member must match"),
    limit: z.int().min(1).max(1000).optional(),
    next_token: z.string().min(1).optional(),
  })
  .meta({ id: "MachineListQuery" });
export type MachineListQuery = z.infer<typeof MachineListQuery>;

/** A command to run in a machine. */
export const ExecRequest = z
  .object({
    command: Word.min(1),
    args: z.array(Word).optional(),
    timeout_secs: z.number().positive().nullish().describe(`Default ${EXEC_DEFAULTS.timeout_secs}`),
    cwd: Word.nullish(),
    envs: Env.nullish(),
    shell: optionalFlag.describe("Run the command through the shell"),
    background: optionalFlag.describe("Answer with the process id at once"),
  })
  .meta({ id: "ExecRequest" });
export type ExecRequest = z.infer<typeof ExecRequest>;

/** How the command ended. */
export const ExecResult = z
  .looseObject({ exit_code: z.int(), stdout: z.string(), stderr: z.string(), pid: optionalInt })
  .meta({ id: "ExecResult" });
export type ExecResult = z.infer<typeof ExecResult>;
