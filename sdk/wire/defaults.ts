// What is taken for members that a request leaves out, each said once. No zod here: programs that describe a template do
// without it.

/** Size that this SDK, like the published clients, requests if the program gives none: of builds, machines and pools. */
export const PROGRAM_SIZE = { vcpus: 2, memoryMib: 512 } as const;

/** What the service takes for a build. */
export const BUILD_DEFAULTS = { vcpus: 1, memory_mib: 512, internet_access: true } as const;

/** What the service takes for a machine without a pool. */
export const MACHINE_DEFAULTS = { template: "base", vcpus: 1, memory_mb: 256, timeout_ms: 300_000 } as const;

/** What the service takes for a command. */
export const EXEC_DEFAULTS = { timeout_secs: 30 } as const;

/** What the service takes for a readiness check. */
export const READINESS_DEFAULTS = { timeout_secs: 30, interval_ms: 500, startup_grace_secs: 2 } as const;

/** What the service takes for a warm pool. */
export const WARM_POOL_DEFAULTS = {
  checkout_policy: "prefer",
  idle_timeout_seconds: 600,
  stale_after_seconds: 900,
  version_policy: "pinned_build",
} as const;
