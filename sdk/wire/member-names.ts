// What programs call the members of the contract's objects: one table an object, from which each direction derives. No zod
// here: programs that describe a template do without it.

/** Names of members: those that programs use, and those of the contract. */
export type MemberNames = Readonly<Record<string, string>>;

/** What {@link toWire} gives. */
export type ToWire<Ours, Names extends MemberNames> = {
  [Member in keyof Ours as Member extends keyof Names ? Names[Member] : never]: Exclude<Ours[Member], undefined>;
};

/** What {@link fromWire} gives. */
export type FromWire<Theirs, Names extends MemberNames> = {
  [Member in keyof Theirs as OwnName<Names, Member>]: Exclude<Theirs[Member], undefined>;
};

/** For members that are known by name: an open object has others as well. */
export type OwnName<Names extends MemberNames, Theirs> = string extends Theirs
  ? never
  : { [Own in keyof Names]: Names[Own] extends Theirs ? Own : never }[keyof Names];

/**
 * The members that have a name in the contract, under it. Those that are undefined are left out.
 *
 * @example
 * ```ts
 * toWire(SIZE_NAMES, { vcpus: 2, memoryMib: 512 }); // { vcpus: 2, memory_mb: 512 }
 * ```
 */
export function toWire<const Names extends MemberNames, Ours extends object>(
  names: Names,
  ours: Ours,
): ToWire<Ours, Names> {
  return rename(Object.entries(names), ours) as ToWire<Ours, Names>;
}

/**
 * The other way round. What is null stays null: in a request it clears something.
 *
 * @example
 * ```ts
 * fromWire(SIZE_NAMES, { vcpus: 2, memory_mb: 512 }); // { vcpus: 2, memoryMib: 512 }
 * ```
 */
export function fromWire<const Names extends MemberNames, Theirs extends object>(
  names: Names,
  theirs: Theirs,
): FromWire<Theirs, Names> {
  const pairs = Object.entries(names).map(([own, wire]): [string, string] => [wire, own]);
  return rename(pairs, theirs) as FromWire<Theirs, Names>;
}

function rename(names: readonly (readonly [from: string, to: string])[], members: object): object {
  const values = members as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    names.filter(([from]) => values[from] !== undefined).map(([from, to]) => [to, values[from]]),
  );
}

/** Size of a machine. */
export const SIZE_NAMES = { vcpus: "vcpus", memoryMib: "memory_mb", diskMb: "disk_mb" } as const;

/** A machine to start. */
export const MACHINE_NAMES = {
  ...SIZE_NAMES,
  template: "template",
  lifetimeMs: "timeout_ms",
  timeoutAction: "timeout_action",
  envs: "envs",
  metadata: "metadata",
  cwd: "cwd",
  internetAccess: "internet_access",
} as const;

/** Which pool a machine is to come from. */
export const CHECKOUT_NAMES = { warmPool: "id", warmPoolMode: "mode", warmPoolWaitMs: "wait_ms" } as const;

/** A command to run in a machine. */
export const EXEC_NAMES = {
  command: "command",
  args: "args",
  timeoutSecs: "timeout_secs",
  cwd: "cwd",
  envs: "envs",
  shell: "shell",
} as const;

/** How a command ended. */
export const EXEC_RESULT_NAMES = { exitCode: "exit_code", stdout: "stdout", stderr: "stderr" } as const;

/** A warm pool's settings; its size is an object of its own. */
export const WARM_POOL_NAMES = {
  name: "name",
  template: "template_ref",
  minReady: "min_ready",
  maxReady: "max_ready",
  checkoutPolicy: "checkout_policy",
  idleTimeoutSeconds: "idle_timeout_seconds",
  staleAfterSeconds: "stale_after_seconds",
  versionPolicy: "version_policy",
  trackTag: "track_tag",
  labels: "labels",
  metadata: "metadata",
} as const;

/** Size of a build and of its machines. */
export const BUILD_CONFIG_NAMES = {
  vcpus: "vcpus",
  memoryMib: "memory_mib",
  diskMb: "disk_mb",
  internetAccess: "internet_access",
} as const;

/** How often and how long a readiness check is tried. */
export const READINESS_TUNING_NAMES = {
  timeoutSecs: "timeout_secs",
  intervalMs: "interval_ms",
  startupGraceSecs: "startup_grace_secs",
} as const;

/** A readiness check, of whatever kind. */
export const READINESS_NAMES = {
  kind: "kind",
  port: "port",
  path: "path",
  command: "command",
  timeoutMs: "timeout_ms",
  ...READINESS_TUNING_NAMES,
} as const;

/** Credentials of a registry, of whatever kind. */
export const REGISTRY_AUTH_NAMES = {
  kind: "kind",
  username: "username",
  password: "password",
  serviceAccountJson: "service_account_json",
  accessKeyId: "access_key_id",
  secretAccessKey: "secret_access_key",
  region: "region",
  sessionToken: "session_token",
} as const;
