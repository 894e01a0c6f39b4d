import type { Readable } from "node:stream";
import { type UnsupportedEntry, unsupportedKindName } from "../../context/entry.ts";
import { compareApiVersions } from "../api-version.ts";
import { registryConfigHeader } from "../auth/auth-headers.ts";
import { openCaches } from "../buildkit/build-caches.ts";
import type { BuildKitDaemon } from "../buildkit/buildkit-options.ts";
import { GRPC_API_VERSION, openDaemon, openEngineBuildKit } from "../buildkit/open-buildkit.ts";
import { type SolveBuild, solveBuild } from "../buildkit/solve-build.ts";
import type { CleanUp } from "../clean-up.ts";
import type { EngineApi } from "../engine-api.ts";
import type { EnginePing } from "../engine-ping.ts";
import type { EngineRequest } from "../engine-transport.ts";
import { EngineError, UnsupportedByEngineError } from "../errors.ts";
import type { EngineImages } from "../images.ts";
import { type BuildSession, type OfferedFolders, openBuildSession, sessionOffer } from "../session/build-session.ts";
import type { SyncedFolders } from "../session/filesync/synced-folder.ts";
import type { WorkerRecord } from "../protos/generated/control.ts";
import { BuildOutcome, refusedBuild } from "./build-outcome.ts";
import { buildQuery, proxiesNotGiven } from "./build-query.ts";
import { type BuildSource, openBuildSource } from "./build-source.ts";
import type { CheckedBuildOptions } from "./check-build-options.ts";
import { chooseBuilder, needsControl, refuseClassicOnly } from "./choose-builder.ts";
import { joinFolders, openNamedContexts } from "./named-contexts.ts";
import { needsRegistry, registriesOfDockerfile } from "./named-registries.ts";

/** First API version of POST /build/cancel. */
const CANCEL_API_VERSION = "1.39";
/** The connection's end stops the build by itself; the call beside it must not hold its caller up. */
const CANCEL_TIMEOUT_MS = 5_000;

/** Label of a worker whose images are containerd's. */
const SNAPSHOTTER_LABEL = "org.mobyproject.buildkit.worker.snapshotter";

/** The engine of a build: what a BuildKit beside it has built is loaded into its images. */
export interface BuildEngine extends EngineApi {
  readonly images: EngineImages;
}

/** A build that a builder works on. */
export interface StartedBuild {
  /** The engine's bytes. */
  chunks: AsyncGenerator<Buffer>;
  /** What is read out of the records. */
  outcome: BuildOutcome;
}

/** What a call of a builder is made of. */
export interface BuilderCallFacts {
  engine: BuildEngine;
  /** Name of the build on the engine. */
  buildId: string;
  options: CheckedBuildOptions;
  /** Closes what the call opens, at the end of the build. */
  cleanUp: CleanUp;
  signal: AbortSignal;
  /** Ends the build, when the engine falls silent. */
  abort: (reason: unknown) => void;
}

/** One build's call of the builder that its options ask for, with all that is opened for it. */
export class BuilderCall {
  readonly #engine: BuildEngine;
  readonly #buildId: string;
  readonly #options: CheckedBuildOptions;
  readonly #cleanUp: CleanUp;
  readonly #signal: AbortSignal;
  readonly #abort: (reason: unknown) => void;
  readonly #warnings = new Set<string>();
  #taken = 0;
  #contextError: unknown;
  #engineFacts: EnginePing | undefined;

  constructor({ engine, buildId, options, cleanUp, signal, abort }: BuilderCallFacts) {
    this.#engine = engine;
    this.#buildId = buildId;
    this.#options = options;
    this.#cleanUp = cleanUp;
    this.#signal = signal;
    this.#abort = abort;
  }

  /** What went wrong with the context on this side; the builder's words of it say less. */
  get contextError(): unknown {
    return this.#contextError;
  }

  /** What this side has to say of the build, before the builder's next word. @returns what is new since the last time */
  takeWarnings(): string[] {
    const texts = [...this.#warnings].slice(this.#taken);
    this.#taken += texts.length;
    return texts;
  }

  /** Starts the build. @throws DockerError when it cannot be started */
  start(): Promise<StartedBuild> {
    const options = this.#options;
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
    const caches = this.#cleanUp.use(await openCaches(options, this.#signal));
    for (const text of caches.warnings) this.#warnings.add(text);
    const buildArgs = { ...(await this.#proxyArgs(options)), ...options.buildArgs };
    const chunks = solveBuild({
      ...buildkit,
      images: this.#engine.images,
      config: this.#engine.config,
      options,
      source,
      folders: this.#offeredFolders(joinFolders(source.synced, named)),
      contexts: named.sources,
      caches,
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
      refuseCachesItCannotWrite(options, own.worker);
      this.#cleanUp.use(this.#engine.transport.watch("the build", (error) => this.#abort(error)));
      return this.#solve(options, { client: this.#cleanUp.use(own.client), engineWorker: own.worker, isEngine: true });
    }
    const missing = needsControl(options);
    if (missing !== undefined) {
      throw new UnsupportedByEngineError(
        missing.option,
        `This engine takes builds by POST /build (API ${engine.engineApiVersion}), which has no ${missing.what}. ` +
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
      buildId: this.#buildId,
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
    const session = await openBuildSession(this.#engine, offer, this.#signal);
    if (!session) refuseWithoutSession(options, engine);
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

  /** Beside closing the connection: a proxy may hold that open, and the engine would build on. */
  async tellToStop(): Promise<void> {
    const engine = this.#engineFacts;
    if (!engine || engine.isPodman || compareApiVersions(engine.apiVersion, CANCEL_API_VERSION) < 0) return;
    try {
      const request = await this.#engine.versioned({
        method: "POST",
        path: "/build/cancel",
        query: new URLSearchParams({ id: this.#buildId }),
        signal: AbortSignal.timeout(CANCEL_TIMEOUT_MS),
      });
      await this.#engine.transport.text(request);
    } catch {
      // The build may be over, or the engine gone; either way there is nothing left to stop.
    }
  }
}

/** An engine's BuildKit writes caches out only where the engine keeps its images in containerd (moby, builder-next/controller.go). */
function refuseCachesItCannotWrite({ cacheTo }: CheckedBuildOptions, worker: WorkerRecord | undefined): void {
  const target = cacheTo.find((one) => one !== "inline");
  if (target === undefined || worker?.Labels.has(SNAPSHOTTER_LABEL)) return;
  throw new UnsupportedByEngineError(
    "cacheTo",
    `This engine keeps its images in a storage driver of its own, and its BuildKit then writes no cache of the type ` +
      `${target.type}. Switch on the containerd image store in its daemon.json ("features": {"containerd-snapshotter": true}), ` +
      'build on a BuildKit daemon (builder: { address }), or take cacheTo: "inline".',
  );
}

/** Secrets, agents and results come through a session. What offers nothing of its own can do without one. */
function refuseWithoutSession(options: CheckedBuildOptions, { engineApiVersion }: EnginePing): void {
  const wanted = (["secrets", "ssh", "outputs"] as const).find((name) => (options[name]?.length ?? 0) > 0);
  if (wanted === undefined) return;
  throw new UnsupportedByEngineError(
    wanted,
    `This engine speaks API ${engineApiVersion} and has no BuildKit sessions, which ${wanted} need: neither ` +
      `POST /session nor, as engines with API ${GRPC_API_VERSION} or newer do, gRPC over HTTP/2. If a proxy stands ` +
      "before the engine, let one of the two through.",
  );
}

function makesImage({ outputs = [] }: CheckedBuildOptions): boolean {
  return outputs.every(({ type }) => type === "image");
}

function contextHeaders({ body, encoding = "identity" }: BuildSource): Record<string, string> {
  if (body === undefined) return {};
  return { "content-type": "application/x-tar", ...(encoding === "identity" ? {} : { "content-encoding": encoding }) };
}
