import {
  amount,
  anyText,
  callback,
  either,
  flag,
  listOf,
  options as optionsOf,
  required,
  whole,
  check,
  object,
  text,
} from "../arguments/index.ts";
import { BUILD_LIST_QUERY, CALL, CALL_MEMBERS } from "./argument-rules.ts";
import type { BuildList, StatusSnapshot, TemplateBuild, BuildListQuery, RetryRequest } from "../wire/build.ts";
import type { CreateTemplateRequest } from "../wire/create-template.ts";
import type { LogEntry } from "../wire/log-entry.ts";
import { isTerminalEntry, isTerminalStatus } from "../wire/terminal.ts";
import type { TemplateInfo } from "../wire/template.ts";
import { pickCallOptions, type CallOptions } from "./call-options.ts";
import { InvalidArgumentError, InvalidResponseError, TransportError } from "./errors.ts";
import { followLog, readEntries } from "./log-follower.ts";
import { path } from "./path.ts";
import { pause } from "../concurrency/index.ts";
import { inSpan } from "../tracing/index.ts";
import type { OpenAnswer, Transport } from "./transport.ts";

/** Accepting a build may check a large context. */
const START_TIMEOUT_MS = 300_000;
/** A terminal entry is written before or together with the status; a look after it may still be a moment early. */
const STATUS_LAG_MS = 100;

/** Which part of a build's log to read. */
export interface LogOptions extends CallOptions {
  /**
   * Stay until the build ends.
   *
   * @default false: what is there now
   */
  follow?: boolean | undefined;
  /**
   * First entry wanted.
   *
   * @default 0
   */
  offset?: number | undefined;
}

/** How to wait for a build. */
export interface WaitOptions extends CallOptions {
  /** Given every entry once, in order, also those from before the call. A promise is awaited before the next. */
  onEntry?: ((entry: LogEntry) => void | Promise<void>) | undefined;
  /**
   * First entry wanted.
   *
   * @default 0
   */
  offset?: number | undefined;
  /** Ask for the status this often, milliseconds, instead of following the log's stream. */
  pollIntervalMs?: number | undefined;
}

const OFFSET = { offset: whole(0) };
export const FROM_OFFSET = optionsOf<CallOptions & { offset: unknown }>({ ...CALL_MEMBERS, ...OFFSET });
export const LOG = optionsOf<LogOptions>({ ...CALL_MEMBERS, ...OFFSET, follow: flag });
export const WAIT = optionsOf<WaitOptions>({ ...CALL_MEMBERS, ...OFFSET, onEntry: callback, pollIntervalMs: amount });
const CANCEL = optionsOf<CallOptions & { reason: unknown }>({ ...CALL_MEMBERS, reason: anyText });
const TARGET = either(
  { ...optionsOf<{ tag: unknown }>({ tag: required(text) }), expected: "{ tag }", accepts: hasMember("tag") },
  {
    ...optionsOf<{ tags: unknown }>({ tags: required(listOf(text, "texts")) }),
    expected: "{ tags }",
    accepts: hasMember("tags"),
  },
);

/**
 * Builds of templates: start, watch, cancel, retry, promote.
 *
 * @example
 * ```ts
 * await using client = new NullspaceClient();
 * const { build_id } = await client.builds.start({ name: "web", base_image: "python:3.12-slim" });
 * const { build } = await client.builds.waitUntilTerminal(build_id);
 * if (build.status === "ready") await client.builds.promote(build_id, { tag: "stable" });
 * ```
 */
export class BuildsApi {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Starts a build and returns once it is accepted.
   *
   * Never sent twice: with a TransportError whose `outcome` is `unknown` the build may exist; look for it with `list`.
   */
  async start(request: CreateTemplateRequest, options: CallOptions = {}): Promise<TemplateBuild> {
    check("builds.start", { request: object, options: CALL }, { request, options });
    return this.#transport
      .json(
        {
          what: `start a build of ${nameOf(request)}`,
          method: "POST",
          path: "/v1/templates/builds",
          body: request,
          timeoutMs: options.timeoutMs ?? START_TIMEOUT_MS,
          signal: options.signal,
        },
        (wire) => wire.TemplateBuild,
      )
      .then(withCanonicalRef);
  }

  /**
   * Starts a build and yields its log as it is written, up to the entry that ends it (`end`, `error` or `cancelled`). When
   * the connection breaks after the first entry, the log is followed on another one. Leaving early does not stop the build.
   */
  async *stream(request: CreateTemplateRequest, options: CallOptions = {}): AsyncGenerator<LogEntry> {
    check("builds.stream", { request: object, options: CALL }, { request, options });
    const what = `build ${nameOf(request)}`;
    const answer = await this.#transport.stream({
      what,
      method: "POST",
      path: "/v1/templates/build",
      body: request,
      timeoutMs: options.timeoutMs ?? START_TIMEOUT_MS,
      signal: options.signal,
    });
    let last: LogEntry | undefined;
    try {
      for await (const entry of readEntries(answer, what)) {
        last = entry;
        yield entry;
        if (isTerminalEntry(entry)) return;
      }
    } catch (error) {
      if (!(error instanceof TransportError) || last === undefined) throw error;
    }
    if (last === undefined) {
      throw new InvalidResponseError(`Could not ${what}: the service closed the build's stream without an entry.`);
    }
    yield* this.logs(last.build_id, { ...pickCallOptions(options), follow: true, offset: last.offset + 1 });
  }

  /** A build, and its log so far. */
  async get(
    buildId: string,
    options: CallOptions & {
      /**
       * The first log entry to get.
       *
       * @default 0
       */
      offset?: number | undefined;
    } = {},
  ): Promise<StatusSnapshot> {
    check("builds.get", { buildId: text, options: FROM_OFFSET }, { buildId, options });
    const snapshot = await this.#transport.json(
      {
        what: `read build ${buildId}`,
        method: "GET",
        path: path`/v1/templates/builds/${buildId}`,
        query: { offset: options.offset ?? 0 },
        ...pickCallOptions(options),
      },
      (wire) => wire.StatusSnapshot,
    );
    return sameBuild(snapshot, buildId);
  }

  /**
   * Log entries in order, each once. With `follow` until the build ends, through broken connections and restarts of the
   * service; without, those that are there.
   */
  async *logs(buildId: string, options: LogOptions = {}): AsyncGenerator<LogEntry> {
    check("builds.logs", { buildId: text, options: LOG }, { buildId, options });
    const { offset = 0 } = options;
    const open = (follow: boolean, from: number): Promise<OpenAnswer> =>
      this.#transport.stream({
        what: `read the log of build ${buildId}`,
        method: "GET",
        path: path`/v1/templates/builds/${buildId}/logs`,
        query: { follow, offset: from },
        ...pickCallOptions(options),
      });
    if (options.follow) {
      yield* followLog(
        {
          buildId,
          open: (from) => open(true, from),
          poll: async (from) => {
            const { build, entries } = await this.get(buildId, { ...pickCallOptions(options), offset: from });
            return { entries, ended: isTerminalStatus(build.status) };
          },
          signal: options.signal,
        },
        offset,
      );
      return;
    }
    let cursor = offset;
    try {
      for await (const entry of readEntries(await open(false, offset), `read the log of build ${buildId}`, buildId)) {
        if (entry.offset < cursor) continue;
        cursor = entry.offset + 1;
        yield entry;
      }
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      // The replay was cut: the status call holds the rest.
      const { entries } = await this.get(buildId, { ...pickCallOptions(options), offset: cursor });
      yield* entries;
    }
  }

  /** Stops a build. One that has already ended stays as it is; that is not an error. */
  async cancel(buildId: string, options: CallOptions & { reason?: string | undefined } = {}): Promise<StatusSnapshot> {
    check("builds.cancel", { buildId: text, options: CANCEL }, { buildId, options });
    const snapshot = await this.#transport.json(
      {
        what: `cancel build ${buildId}`,
        method: "POST",
        path: path`/v1/templates/builds/${buildId}/cancel`,
        body: options.reason === undefined ? {} : { reason: options.reason },
        repeatable: true,
        ...pickCallOptions(options),
      },
      (wire) => wire.StatusSnapshot,
    );
    return sameBuild(snapshot, buildId);
  }

  /**
   * Builds again from the stored definition, as a build of its own. Registry credentials and secrets are never stored:
   * give them again, secrets under the same ids.
   */
  async retry(buildId: string, request: RetryRequest = {}, options: CallOptions = {}): Promise<TemplateBuild> {
    check("builds.retry", { buildId: text, request: object, options: CALL }, { buildId, request, options });
    return this.#transport
      .json(
        {
          what: `retry build ${buildId}`,
          method: "POST",
          path: path`/v1/templates/builds/${buildId}/retry`,
          body: request,
          timeoutMs: options.timeoutMs ?? START_TIMEOUT_MS,
          signal: options.signal,
        },
        (wire) => wire.TemplateBuild,
      )
      .then(withCanonicalRef);
  }

  /**
   * Points a tag (or several at once) at the artifact of a finished build.
   *
   * @throws ConflictError when the build is not promotable: see its `promotability`
   */
  async promote(
    buildId: string,
    target: { tag: string } | { tags: readonly string[] },
    options: CallOptions = {},
  ): Promise<TemplateInfo> {
    check("builds.promote", { buildId: text, target: TARGET, options: CALL }, { buildId, target, options });
    const tags = "tag" in target ? [target.tag] : target.tags;
    if (tags.length === 0) throw new InvalidArgumentError("tags", "give at least one");
    return this.#transport.json(
      {
        what: `promote build ${buildId} to ${tags.join(", ")}`,
        method: "POST",
        path: path`/v1/templates/builds/${buildId}/promote`,
        body: "tag" in target ? { tag: target.tag } : { tags },
        repeatable: true,
        ...pickCallOptions(options),
      },
      (wire) => wire.TemplateInfo,
    );
  }

  /** One page of a template's builds, newest first. */
  async list(ref: string, query: BuildListQuery = {}, options: CallOptions = {}): Promise<BuildList> {
    check("builds.list", { ref: text, query: BUILD_LIST_QUERY, options: CALL }, { ref, query, options });
    const { status, backend, source_type, limit, cursor } = query;
    return this.#transport.json(
      {
        what: `list builds of ${ref}`,
        method: "GET",
        path: path`/v1/templates/refs/${ref}/builds`,
        query: { status, backend, source_type, limit, cursor },
        ...pickCallOptions(options),
      },
      (wire) => wire.BuildList,
    );
  }

  /** One page of the builds of all templates, newest first. An addition of `nullspace-local`. */
  async listAll(query: BuildListQuery = {}, options: CallOptions = {}): Promise<BuildList> {
    check("builds.listAll", { query: BUILD_LIST_QUERY, options: CALL }, { query, options });
    const { status, backend, source_type, limit, cursor } = query;
    return this.#transport.json(
      {
        what: "list builds",
        method: "GET",
        path: "/v1/templates/builds",
        query: { status, backend, source_type, limit, cursor },
        ...pickCallOptions(options),
      },
      (wire) => wire.BuildList,
    );
  }

  /**
   * Waits until a build has ended, well or not: look at `build.status`.
   *
   * @returns the build as it ended, its `entries` being those that came after the last one handed to `onEntry`
   */
  async waitUntilTerminal(buildId: string, options: WaitOptions = {}): Promise<StatusSnapshot> {
    check("builds.waitUntilTerminal", { buildId: text, options: WAIT }, { buildId, options });
    const attributes = { "nullspace.build.id": buildId };
    return inSpan("wait for build", { attributes }, () => this.#waitUntilTerminal(buildId, options));
  }

  async #waitUntilTerminal(buildId: string, options: WaitOptions): Promise<StatusSnapshot> {
    const { onEntry, pollIntervalMs, ...call } = options;
    let offset = options.offset ?? 0;
    if (pollIntervalMs === undefined) {
      for await (const entry of this.logs(buildId, { ...pickCallOptions(call), follow: true, offset })) {
        await onEntry?.(entry);
        offset = entry.offset + 1;
      }
    }
    for (;;) {
      const snapshot = await this.get(buildId, { ...pickCallOptions(call), offset });
      const ended = isTerminalStatus(snapshot.build.status);
      for (const entry of snapshot.entries) {
        if (entry.offset < offset) continue;
        await onEntry?.(entry);
        offset = entry.offset + 1;
      }
      if (ended) return snapshot;
      await pause(pollIntervalMs ?? STATUS_LAG_MS, options.signal);
    }
  }
}

function nameOf(request: CreateTemplateRequest): string {
  return request.name ?? request.alias ?? "an unnamed template";
}

/** A service from before namespaces answers no canonical ref: the name is the ref. */
function withCanonicalRef(build: TemplateBuild): TemplateBuild {
  return build.canonical_ref === "" ? { ...build, canonical_ref: build.name } : build;
}

function sameBuild(snapshot: StatusSnapshot, buildId: string): StatusSnapshot {
  if (snapshot.build.build_id !== buildId) {
    throw new InvalidResponseError(
      `The service was asked for build ${buildId} and answered ${snapshot.build.build_id}.`,
    );
  }
  return { ...snapshot, build: withCanonicalRef(snapshot.build) };
}

function hasMember(name: string): (value: unknown) => boolean {
  return (value) => typeof value === "object" && value !== null && Object.hasOwn(value, name);
}
