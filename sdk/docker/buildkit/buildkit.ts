import {
  amount,
  anyText,
  either,
  flag,
  listOf,
  options as optionsOf,
  signal,
  text,
  whole,
} from "../../arguments/index.ts";
import { CANCELLABLE, check } from "../argument-rules.ts";
import { BuildKitDaemon } from "./buildkit-options.ts";
import { parseByteSize } from "../byte-size.ts";
import type { BuildKitClient } from "./buildkit-client.ts";
import { DockerOptionError } from "../errors.ts";
import { explainIssue } from "../explain-issue.ts";
import { type BuildHistoryRecord, BuildHistoryEventType, type UsageRecord } from "../protos/generated/control.ts";
import { openDaemon } from "./open-buildkit.ts";

/** What a daemon is. */
export interface BuildKitInfo {
  /** Such as `v0.24.0`. */
  version: string;
  /** Commit that it was built from. */
  revision: string;
  /** What it builds with, each with its labels. */
  workers: { id: string; labels: Record<string, string> }[];
}

/** One record of a daemon's cache. */
export interface BuildKitCacheRecord {
  id: string;
  /** Such as `regular`, `source.local`, `exec.cachemount`. */
  type: string;
  description: string;
  sizeBytes: number;
  isInUse: boolean;
  isShared: boolean;
  usageCount: number;
  createdAt?: Date;
  lastUsedAt?: Date;
  /** Records that this one is made of, by id. */
  parents: readonly string[];
}

/** What to look at of a daemon's cache. */
export interface BuildKitUsageOptions {
  /**
   * As those of {@link BuildKit.prune}.
   *
   * @default every record
   */
  filters?: readonly string[];
  signal?: AbortSignal;
}

/** What of a daemon's cache goes. */
export interface BuildKitPruneOptions {
  /**
   * Such as `type==exec.cachemount`, `id~=^abc`; a record goes when one of them matches.
   *
   * @default every record
   */
  filters?: readonly string[];
  /**
   * Also what the daemon keeps for itself, such as frontends.
   *
   * @default false
   */
  all?: boolean;
  /** Keep what was used within this time. */
  keepDurationMs?: number;
  /** Space that the cache may always have: bytes, or text such as `10g`. */
  reservedSpace?: number | string;
  /** Space that it must not exceed. */
  maxUsedSpace?: number | string;
  /** Space to leave free on the disk. */
  minFreeSpace?: number | string;
  signal?: AbortSignal;
}

/** A build that a daemon remembers, or that is under way. */
export interface BuildKitHistoryEvent {
  type: "started" | "complete" | "deleted";
  /** The daemon's name for the build. */
  ref: string;
  createdAt?: Date;
  completedAt?: Date;
  /** Why it failed. */
  error?: string;
  steps: { total: number; completed: number; cached: number };
  /** What the exporters said of the result, such as `containerimage.digest`. */
  exporterResponse: Readonly<Record<string, string>>;
}

/** Which builds to report. */
export interface BuildKitHistoryOptions {
  /** One build alone. */
  ref?: string;
  /**
   * Those under way alone.
   *
   * @default false
   */
  activeOnly?: boolean;
  /**
   * Go on with what happens from now on, until `signal` ends it.
   *
   * @default false
   */
  follow?: boolean;
  /**
   * The newest ones, at most this many.
   *
   * @default all
   */
  limit?: number;
  signal?: AbortSignal;
}

const FILTERS = listOf(anyText, "texts");
const SIZE = either(anyText, amount);
const USAGE = optionsOf<BuildKitUsageOptions>({ filters: FILTERS, signal });
const PRUNE = optionsOf<BuildKitPruneOptions>({
  filters: FILTERS,
  all: flag,
  keepDurationMs: amount,
  reservedSpace: SIZE,
  maxUsedSpace: SIZE,
  minFreeSpace: SIZE,
  signal,
});
const HISTORY = optionsOf<BuildKitHistoryOptions>({
  ref: text,
  activeOnly: flag,
  follow: flag,
  limit: whole(0),
  signal,
});

/**
 * A BuildKit daemon, independent of any engine: its cache and its history. Each call opens a connection of its own. To build on one,
 * see the build option `builder`.
 *
 * @example
 * ```ts
 * const buildkit = new BuildKit({ address: "unix:///run/buildkit/buildkitd.sock" });
 * for (const { sizeBytes, description } of await buildkit.diskUsage()) console.log(sizeBytes, description);
 * ```
 */
export class BuildKit {
  readonly #daemon: BuildKitDaemon;

  /** @throws DockerOptionError */
  constructor(daemon: BuildKitDaemon) {
    const parsed = BuildKitDaemon.safeParse(daemon);
    if (!parsed.success) {
      const { name, reason } = explainIssue(parsed.error.issues[0]!, daemon, Object.keys(BuildKitDaemon.shape));
      throw new DockerOptionError(
        name,
        `BuildKit: ${name === "" ? "" : `${name}: `}${reason}${reason.endsWith("?") ? "" : "."}`,
      );
    }
    this.#daemon = parsed.data;
  }

  /** @throws BuildKitUnreachableError when none answers, as every call does */
  async info(options: { signal?: AbortSignal } = {}): Promise<BuildKitInfo> {
    check("BuildKit.info", { options: CANCELLABLE }, { options });
    const { signal = NEVER } = options;
    using client = await this.#open(signal);
    const { buildkitVersion: known } = await client.ask("info", {}, signal);
    const workers = await client.listWorkers(signal);
    return {
      version: known?.version ?? "",
      revision: known?.revision ?? "",
      workers: workers.map(({ ID, Labels }) => ({ id: ID, labels: Object.fromEntries(Labels) })),
    };
  }

  /** What the cache holds. */
  async diskUsage(options: BuildKitUsageOptions = {}): Promise<BuildKitCacheRecord[]> {
    check("BuildKit.diskUsage", { options: USAGE }, { options });
    const { filters = [], signal = NEVER } = options;
    using client = await this.#open(signal);
    const { record } = await client.ask("diskUsage", { filter: [...filters] }, signal);
    return record.map(cacheRecord);
  }

  /** Removes cache that no build uses. @returns what is gone; a daemon tells of that little more than id and size */
  async prune(options: BuildKitPruneOptions = {}): Promise<BuildKitCacheRecord[]> {
    check("BuildKit.prune", { options: PRUNE }, { options });
    const { signal = NEVER } = options;
    const request = {
      filter: [...(options.filters ?? [])],
      all: options.all ?? false,
      keepDuration: BigInt(Math.round((options.keepDurationMs ?? 0) * NANOSECONDS_PER_MS)),
      reservedSpace: spaceOf("reservedSpace", options),
      maxUsedSpace: spaceOf("maxUsedSpace", options),
      minFreeSpace: spaceOf("minFreeSpace", options),
    };
    using client = await this.#open(signal);
    const gone: BuildKitCacheRecord[] = [];
    for await (const one of client.listen("prune", request, signal)) gone.push(cacheRecord(one));
    return gone;
  }

  /** The builds that the daemon remembers. */
  history(options: BuildKitHistoryOptions = {}): AsyncGenerator<BuildKitHistoryEvent> {
    check("BuildKit.history", { options: HISTORY }, { options });
    return this.#history(options);
  }

  async *#history(options: BuildKitHistoryOptions): AsyncGenerator<BuildKitHistoryEvent> {
    const { ref = "", activeOnly = false, follow = false, limit = 0, signal = NEVER } = options;
    using client = await this.#open(signal);
    const request = { Ref: ref, ActiveOnly: activeOnly, EarlyExit: !follow, Limit: limit };
    for await (const event of client.listen("listenBuildHistory", request, signal)) {
      if (event.record) yield historyEvent(event.type, event.record);
    }
  }

  /** Has the daemon forget a build; its cache stays. */
  async deleteHistory(ref: string, options: { signal?: AbortSignal } = {}): Promise<void> {
    check("BuildKit.deleteHistory", { ref: text, options: CANCELLABLE }, { ref, options });
    const { signal = NEVER } = options;
    using client = await this.#open(signal);
    await client.ask("updateBuildHistory", { Ref: ref, Delete: true }, signal);
  }

  #open(signal: AbortSignal): Promise<BuildKitClient> {
    return openDaemon(this.#daemon, signal);
  }
}

const NEVER = new AbortController().signal;
const NANOSECONDS_PER_MS = 1e6;

function spaceOf(name: "reservedSpace" | "maxUsedSpace" | "minFreeSpace", options: BuildKitPruneOptions): bigint {
  return BigInt(parseByteSize(name, options[name] ?? 0));
}

function cacheRecord(wire: UsageRecord): BuildKitCacheRecord {
  return {
    id: wire.ID,
    type: wire.RecordType,
    description: wire.Description,
    sizeBytes: Number(wire.Size),
    isInUse: wire.InUse,
    isShared: wire.Shared,
    usageCount: Number(wire.UsageCount),
    ...dated("createdAt", wire.CreatedAt),
    ...dated("lastUsedAt", wire.LastUsedAt),
    parents: wire.Parents,
  };
}

const EVENT_TYPES = {
  [BuildHistoryEventType.STARTED]: "started",
  [BuildHistoryEventType.COMPLETE]: "complete",
  [BuildHistoryEventType.DELETED]: "deleted",
} as const;

function historyEvent(type: BuildHistoryEventType, wire: BuildHistoryRecord): BuildKitHistoryEvent {
  return {
    type: EVENT_TYPES[type],
    ref: wire.Ref,
    ...dated("createdAt", wire.CreatedAt),
    ...dated("completedAt", wire.CompletedAt),
    ...(wire.error ? { error: wire.error.message } : {}),
    steps: { total: wire.numTotalSteps, completed: wire.numCompletedSteps, cached: wire.numCachedSteps },
    exporterResponse: Object.fromEntries(wire.ExporterResponse),
  };
}

function dated<Name extends string>(name: Name, date: Date | undefined): { [name in Name]?: Date } {
  return (date === undefined ? {} : { [name]: date }) as { [name in Name]?: Date };
}
