import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import { type UnsupportedEntry, unsupportedKindName } from "../../context/entry.ts";
import { registryConfigHeader } from "../auth/auth-headers.ts";
import { compareApiVersions } from "../api-version.ts";
import { GRPC_API_VERSION, openDaemon, openEngineBuildKit } from "../buildkit/open-buildkit.ts";
import { type SolveBuild, solveBuild } from "../buildkit/solve-build.ts";
import { CleanUp } from "../clean-up.ts";
import type { EngineApi } from "../engine-api.ts";
import type { EnginePing } from "../engine-ping.ts";
import type { EngineRequest } from "../engine-transport.ts";
import {
  DockerOptionError,
  EngineError,
  ImageBuildCancelledError,
  ImageBuildTimeoutError,
  UnsupportedByEngineError,
} from "../errors.ts";
import type { EngineImages } from "../images.ts";
import { type EngineRecord, JsonSplitter } from "../json-records.ts";
import { type BuildSession, type OfferedFolders, openBuildSession, sessionOffer } from "../session/build-session.ts";
import type { SyncedFolders } from "../session/filesync/synced-folder.ts";
import { BuildOutcome, refusedBuild } from "./build-outcome.ts";
import {
  type BuildKitDaemon,
  type BuildOptions,
  type CheckedBuildOptions,
  checkBuildOptions,
} from "./build-options.ts";
import { buildQuery, proxiesNotGiven } from "./build-query.ts";
import { type BuildSource, openBuildSource } from "./build-source.ts";
import { chooseBuilder, needsControl, refuseClassicOnly } from "./choose-builder.ts";
import { joinFolders, openNamedContexts } from "./named-contexts.ts";
import { needsRegistry, registriesOfDockerfile } from "./named-registries.ts";
import type { BuildProgress } from "./progress.ts";

/** What a build has made. */
export interface BuildResult {
  /**
   * The engine's ID of the image, `sha256:…`: the digest of its configuration, or of its manifest where the engine keeps its
   * images in containerd. Empty when `outputs` asks for something else than an image.
   */
  imageId: string;
  /**
   * Digest of the image's manifest, `sha256:…`, by which it is pulled (`name@sha256:…`); of the index where it is built for
   * several platforms. Absent unless BuildKit wrote or pushed the image itself (`outputs` of the type `image` or `oci`): an
   * image of the engine has one when it is pushed.
   */
  manifestDigest?: string;
}

/** First API version of POST /build/cancel. */
const CANCEL_API_VERSION = "1.39";
/** The connection's end stops the build by itself; the call beside it must not hold its caller up. */
const CANCEL_TIMEOUT_MS = 5_000;

/** The engine of a build: what a BuildKit beside it has built is loaded into its images. */
interface BuildEngine extends EngineApi {
  readonly images: EngineImages;
}

interface StartedBuild {
  chunks: AsyncGenerator<Buffer>;
  outcome: BuildOutcome;
}

/**
 * A build under way. Read its progress (`for await`), or the engine's own records, or its bytes: one of them, once. Or
 * only await `done`, which reads and drops the progress. A reader that is slow holds the engine's stream back; one that
 * leaves early cancels the build.
 *
 * @example
 * const build = engine.build({ path: "./app", tags: ["app:1"] });
 * for await (const progress of build) if (progress.kind === "log") console.log(progress.text);
 * const { imageId } = await build.done;
 */
export class ImageBuild<T = BuildProgress> implements AsyncIterable<T> {
  /** Name of the build on the engine. */
  readonly buildId: string;
  readonly #engine: BuildEngine;
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal;
  readonly #started: Promise<StartedBuild>;
  readonly #done = Promise.withResolvers<BuildResult>();
  readonly #cleanUp = new CleanUp();
  readonly #raw: boolean;
  #isRead = false;
  /** What went wrong with the context on this side; the builder's words of it say less. */
  #contextError: unknown;
  /** What this side has to say of the build, before the builder's next word. */
  readonly #warnings = new Set<string>();
  #warned = 0;
  #engineFacts: EnginePing | undefined;

  /** Use `DockerEngine.build`. @throws DockerOptionError at once for options that cannot work */
  constructor(engine: BuildEngine, given: BuildOptions) {
    const options = checkBuildOptions(given);
    this.#engine = engine;
    this.buildId = options.buildId ?? randomUUID();
    this.#raw = options.decode === false;
    this.#signal = this.#controller.signal;
    this.#followSignal(options);
    // Who reads the progress gets the failure there and need not ask `done` for it too.
    this.#done.promise.catch(() => {});
    this.#started = this.#start(options);
    this.#started.catch((error: unknown) => this.#settle({ error }));
    this.#signal.addEventListener("abort", () => void this.#endUnread(), { once: true });
  }

  /** Settles when the build has ended: with the image, or with why there is none. */
  get done(): Promise<BuildResult> {
    // Somebody has to read the stream for it to end; a reader that comes in this turn of the event loop goes first.
    setImmediate(() => {
      if (!this.#isRead) void this.#drain();
    });
    return this.#done.promise;
  }

  /** Progress in one shape for both builders; with `decode: false`, the engine's bytes. */
  [Symbol.asyncIterator](): AsyncGenerator<T> {
    return (this.#raw ? this.bytes() : this.progress()) as AsyncGenerator<T>;
  }

  /** Progress in one shape for both builders. */
  progress(): AsyncGenerator<BuildProgress> {
    return this.#read((_chunk, _records, progress) => progress);
  }

  /** The engine's records as they come. */
  records(): AsyncGenerator<EngineRecord> {
    return this.#read((_chunk, records) => records);
  }

  /** The engine's bytes as they come. The end is checked all the same: a failed build fails here too. */
  bytes(): AsyncGenerator<Buffer> {
    return this.#read((chunk) => (chunk ? [chunk] : []));
  }

  /** Stops the build on the engine; `done` and readers then fail with ImageBuildCancelledError. */
  async cancel(): Promise<void> {
    if (!this.#signal.aborted) this.#controller.abort(new ImageBuildCancelledError());
    await this.#tellEngine();
    await this.#endUnread();
  }

  /** A reader ends what it reads. What nobody reads has connections and a session all the same. */
  async #endUnread(): Promise<void> {
    if (this.#isRead) return;
    await this.#started.catch(() => {});
    if (!this.#isRead) await this.#settle({ error: this.#signal.reason });
  }

  /** The generators below run only when read, so the one reader is noted here, at the call. */
  #read<U>(
    pick: (chunk: Buffer | undefined, records: EngineRecord[], progress: BuildProgress[]) => U[],
  ): AsyncGenerator<U> {
    if (this.#isRead) {
      throw new DockerOptionError(
        "build",
        "This build is being read already: its progress, records and bytes are one stream, and it can be read once.",
      );
    }
    this.#isRead = true;
    return this.#generate(pick);
  }

  async *#generate<U>(
    pick: (chunk: Buffer | undefined, records: EngineRecord[], progress: BuildProgress[]) => U[],
  ): AsyncGenerator<U> {
    let isOver = false;
    try {
      const { chunks, outcome } = await this.#started;
      const splitter = new JsonSplitter();
      for await (const chunk of chunks) {
        const records = [...splitter.push(chunk)];
        const progress = records.flatMap((record) => outcome.observe(record));
        yield* pick(chunk, records, [...this.#newWarnings(), ...progress]);
      }
      splitter.end();
      this.#signal.throwIfAborted();
      yield* pick(undefined, [], [...this.#newWarnings(), ...outcome.end()]);
      const result = outcome.result();
      isOver = true;
      await this.#settle({ result });
    } catch (error) {
      isOver = true;
      const reason: unknown = this.#signal.aborted ? this.#signal.reason : (this.#contextError ?? error);
      await this.#settle({ error: reason });
      throw reason;
    } finally {
      if (!isOver) {
        this.#controller.abort(new ImageBuildCancelledError());
        await this.#settle({ error: this.#signal.reason });
      }
    }
  }

  #newWarnings(): BuildProgress[] {
    const texts = [...this.#warnings].slice(this.#warned);
    this.#warned += texts.length;
    return texts.map((text) => ({ kind: "warning", text, detail: [] }));
  }

  async #drain(): Promise<void> {
    try {
      for await (const _ of this.#read(() => [])) continue;
    } catch {
      // `done` is rejected with it, and it is `done` that was asked.
    }
  }

  async #settle(end: { result: BuildResult } | { error: unknown }): Promise<void> {
    if (this.#signal.aborted) void this.#tellEngine();
    await this.#cleanUp[Symbol.asyncDispose]();
    if ("result" in end) this.#done.resolve(end.result);
    else this.#done.reject(end.error);
  }

  #start(options: CheckedBuildOptions): Promise<StartedBuild> {
    const { builder } = options;
    return typeof builder === "object" ? this.#startDirect(options, builder) : this.#startOnEngine(options);
  }

  /** On a BuildKit daemon of its own. */
  async #startDirect(options: CheckedBuildOptions, daemon: BuildKitDaemon): Promise<StartedBuild> {
    refuseClassicOnly(options, "a BuildKit daemon");
    const client = this.#cleanUp.use(await openDaemon(daemon, this.#signal));
    return this.#solve(options, { client, isEngine: false });
  }

  /** By the Control service of a BuildKit. */
  async #solve(
    options: CheckedBuildOptions,
    buildkit: Pick<SolveBuild, "client" | "engineWorker" | "isEngine">,
  ): Promise<StartedBuild> {
    const source = await this.#openSource(options, true);
    const named = await openNamedContexts(options.contexts ?? {}, this.#signal);
    this.#warnOf(named.leftOut);
    const buildArgs = { ...(await this.#proxyArgs(options)), ...options.buildArgs };
    const chunks = solveBuild({
      ...buildkit,
      images: this.#engine.images,
      config: this.#engine.config,
      options,
      source,
      folders: this.#offeredFolders(joinFolders(source.synced, named)),
      contexts: named.sources,
      buildArgs,
      signal: this.#signal,
    });
    return { chunks, outcome: new BuildOutcome("buildkit", source.dockerfileText, makesImage(options)) };
  }

  async #proxyArgs({ useConfigProxy, buildArgs }: CheckedBuildOptions): Promise<Record<string, string>> {
    if (!useConfigProxy) return {};
    return proxiesNotGiven(await this.#engine.config.proxyBuildArgs(this.#engine.host), buildArgs);
  }

  async #startOnEngine(options: CheckedBuildOptions): Promise<StartedBuild> {
    const engine = await this.#engine.negotiate(this.#signal);
    this.#engineFacts = engine;
    const builder = chooseBuilder(options, engine);
    const own =
      builder === "buildkit" ? await openEngineBuildKit(this.#engine.transport, engine, this.#signal) : undefined;
    if (own) {
      this.#cleanUp.use(this.#engine.transport.watch("the build", (error) => this.#controller.abort(error)));
      return this.#solve(options, { client: this.#cleanUp.use(own.client), engineWorker: own.worker, isEngine: true });
    }
    const missing = needsControl(options);
    if (missing !== undefined) {
      throw new UnsupportedByEngineError(
        missing,
        `This engine takes builds by POST /build (API ${engine.engineApiVersion}), which has no ${missing}${missing === "platform" ? " of several" : ""}. ` +
          `Use an engine with API ${GRPC_API_VERSION} or newer, or a BuildKit daemon (builder: { address }).`,
      );
    }
    const { source, session } =
      builder === "buildkit"
        ? await this.#offer(options, engine)
        : { source: await this.#openSource(options, false), session: undefined };
    const { body } = source;
    const query = buildQuery({
      options,
      source,
      engine,
      builder,
      buildId: this.buildId,
      proxyArgs: await this.#proxyArgs(options),
      sessionId: session?.id,
    });
    const authHeaders = builder === "classic" ? await this.#authHeaders(options, source.dockerfileText) : {};
    const request = await this.#engine.versioned({
      method: "POST",
      path: "/build",
      query,
      headers: { ...contextHeaders(source), ...authHeaders },
      ...(body ? { body } : {}),
      kind: "stream",
      signal: this.#signal,
    });
    const answer = await this.#send(request, body);
    return {
      chunks: this.#engine.transport.readBody(request, answer),
      outcome: new BuildOutcome(builder, source.dockerfileText, makesImage(options)),
    };
  }

  /** Opens the source, and the session through which BuildKit asks for it, for credentials, and for secrets. */
  async #offer(
    options: CheckedBuildOptions,
    engine: EnginePing,
  ): Promise<{ source: BuildSource; session: BuildSession | undefined }> {
    const source = await this.#openSource(options, true);
    const offer = await sessionOffer(this.#engine.config, options, this.#offeredFolders(source.synced), this.#signal);
    const session = await openBuildSession(this.#engine, engine, options, offer, this.#signal);
    if (session) this.#cleanUp.use(session);
    return { source: session || !source.synced ? source : await this.#openSource(options, false), session };
  }

  async #openSource(options: CheckedBuildOptions, canSync: boolean): Promise<BuildSource> {
    const source = await openBuildSource(options, this.#signal, canSync);
    if (source.body) this.#cleanUp.defer(() => void source.body?.destroy());
    this.#warnOf(source.leftOut ?? []);
    return source;
  }

  #warnOf(leftOut: readonly UnsupportedEntry[]): void {
    for (const { path, kind } of leftOut) {
      this.#warnings.add(`${path} is ${unsupportedKindName(kind)}, and is left out of the build.`);
    }
  }

  /** What goes wrong with a folder here BuildKit tells in words of its own; the error itself says more. */
  #offeredFolders(folders: SyncedFolders | undefined): OfferedFolders | undefined {
    return folders && { ...folders, onFailure: (error) => (this.#contextError = error) };
  }

  async #send(request: EngineRequest, body: Readable | undefined): Promise<Readable> {
    // What goes wrong with the context surfaces as a broken request; the context's own error says more.
    body?.once("error", (error) => (this.#contextError = error));
    try {
      return (await this.#engine.transport.request(request)).body;
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      throw this.#contextError ?? (error instanceof EngineError ? refusedBuild(error) : error);
    }
  }

  /**
   * The classic builder is sent credentials in a header; BuildKit ignores that and asks through the session. A helper may
   * ask a cloud or a person, so that it is asked for the registries of the Dockerfile alone.
   */
  async #authHeaders(
    { auth = {}, buildArgs = {} }: CheckedBuildOptions,
    dockerfile: string | undefined,
  ): Promise<Record<string, string>> {
    const values = Object.entries(buildArgs).filter((entry): entry is [string, string] => entry[1] !== null);
    const registries = dockerfile && registriesOfDockerfile(dockerfile, Object.fromEntries(values));
    const credentials = await this.#engine.config.allCredentials({
      explicit: auth,
      ...(registries ? { isWanted: (server) => needsRegistry(registries, server) } : {}),
      onFailure: ({ message }) => this.#warnings.add(message),
      signal: this.#signal,
    });
    return credentials.size === 0 ? {} : { "x-registry-config": registryConfigHeader(credentials) };
  }

  #followSignal({ signal, timeoutMs }: CheckedBuildOptions): void {
    const abort = () => this.#controller.abort(signal?.reason);
    if (signal?.aborted) abort();
    else if (signal) {
      signal.addEventListener("abort", abort, { once: true });
      this.#cleanUp.defer(() => signal.removeEventListener("abort", abort));
    }
    if (timeoutMs === undefined) return;
    const timer = setTimeout(() => this.#controller.abort(new ImageBuildTimeoutError(timeoutMs)), timeoutMs);
    this.#cleanUp.defer(() => clearTimeout(timer));
  }

  /** Beside closing the connection: a proxy may hold that open, and the engine would build on. */
  async #tellEngine(): Promise<void> {
    const engine = this.#engineFacts;
    if (!engine || engine.isPodman || compareApiVersions(engine.apiVersion, CANCEL_API_VERSION) < 0) return;
    try {
      const request = await this.#engine.versioned({
        method: "POST",
        path: "/build/cancel",
        query: new URLSearchParams({ id: this.buildId }),
        signal: AbortSignal.timeout(CANCEL_TIMEOUT_MS),
      });
      await this.#engine.transport.text(request);
    } catch {
      // The build may be over, or the engine gone; either way there is nothing left to stop.
    }
  }
}

function makesImage({ outputs = [] }: CheckedBuildOptions): boolean {
  return outputs.every(({ type }) => type === "image");
}

function contextHeaders({ body, encoding = "identity" }: BuildSource): Record<string, string> {
  if (body === undefined) return {};
  return { "content-type": "application/x-tar", ...(encoding === "identity" ? {} : { "content-encoding": encoding }) };
}
