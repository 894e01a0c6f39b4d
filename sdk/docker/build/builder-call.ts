import type { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
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
import {
  type BuildSession,
  newSessionId,
  type OfferedFolders,
  openBuildSession,
  sessionOffer,
} from "../session/build-session.ts";
import type { SyncedFolders } from "../session/filesync/synced-folder.ts";
import type { WorkerRecord } from "../protos/generated/control.ts";
import { BuildOutcome, refusedBuild } from "./build-outcome.ts";
import { buildQuery, type BuildQueryInput, FROM_SESSION, proxiesNotGiven } from "./build-query.ts";
import { type BuildSource, type FolderToCome, openBuildSource } from "./build-source.ts";
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

/** A POST /build that the engine has answered. */
interface PostedBuild {
  readonly builder: "buildkit" | "classic";
  readonly request: EngineRequest;
  readonly answer: Readable;
}

/** A build that was begun before its folder was listed. */
interface EarlyBuild {
  /** Of the copies that its session speaks of. */
  readonly sharedKey: string;
  /** Fails when the engine refuses the build. */
  readonly posted: Promise<PostedBuild>;
  /** Breaks it off, and its session. */
  drop(): Promise<void>;
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
    return builder === "buildkit" ? this.#startBuildKit(options, engine) : this.#startClassic(options, engine);
  }

  async #startClassic(options: CheckedBuildOptions, engine: EnginePing): Promise<StartedBuild> {
    const source = await this.#openSource(options, false);
    return this.#started(options, source, await this.#post(options, { engine, builder: "classic", source }));
  }

  /** By POST /build, and a session through which BuildKit asks for the source, for credentials, and for secrets. */
  async #startBuildKit(options: CheckedBuildOptions, engine: EnginePing): Promise<StartedBuild> {
    let early: EarlyBuild | undefined;
    let hasSessions = true;
    const source = await this.#openSource(options, true, async (folder) => {
      early = await this.#begin(options, engine, folder);
      hasSessions = early !== undefined;
    });
    if (early && early.sharedKey === source.synced?.sharedKey)
      return this.#started(options, source, await early.posted);
    await early?.drop();
    const id = newSessionId();
    const session = hasSessions ? await this.#openSession(id, options, source.synced, this.#signal) : undefined;
    if (!session) refuseWithoutSession(options, engine);
    const sent = session || !source.synced ? source : await this.#openSource(options, false);
    const facts = { engine, builder: "buildkit", sessionId: session && id, source: sent } as const;
    return this.#started(options, sent, await this.#post(options, facts));
  }

  /**
   * Begins a build before its folder is listed: the engine has things to do before it asks for the first file.
   *
   * @returns `undefined` when the engine has no sessions
   */
  async #begin(
    options: CheckedBuildOptions,
    engine: EnginePing,
    { dockerfile, folders }: FolderToCome,
  ): Promise<EarlyBuild | undefined> {
    const controller = new AbortController();
    this.#cleanUp.defer(() => controller.abort());
    const signal = AbortSignal.any([this.#signal, controller.signal]);
    const sessionId = newSessionId();
    const { promise: sent, resolve: onSent } = Promise.withResolvers<void>();
    const source = { dockerfile, remote: FROM_SESSION };
    const posted = this.#post(options, { engine, builder: "buildkit", sessionId, source }, { onSent, signal });
    // Whoever waits for it is told.
    posted.catch(() => onSent());
    const drop = async (): Promise<void> => {
      controller.abort();
      await posted.then(
        ({ answer }) => void answer.destroy(),
        () => {},
      );
    };
    const session = await this.#openSession(sessionId, options, folders, signal);
    if (!session) {
      await drop();
      return undefined;
    }
    await sent;
    // What HTTP/2 has to say first goes out before the listing keeps this thread busy.
    await nextTurn();
    return { sharedKey: folders.sharedKey, posted, drop };
  }

  async #openSession(
    id: string,
    options: CheckedBuildOptions,
    folders: SyncedFolders | undefined,
    signal: AbortSignal,
  ): Promise<BuildSession | undefined> {
    const offer = await sessionOffer(this.#engine.config, options, this.#offeredFolders(folders), signal);
    const session = await openBuildSession(this.#engine, id, offer, signal);
    return session && this.#cleanUp.use(session);
  }

  async #post(
    options: CheckedBuildOptions,
    facts: Pick<BuildQueryInput, "engine" | "builder" | "sessionId"> & { source: Partial<BuildSource> },
    { onSent, signal = this.#signal }: Pick<EngineRequest, "onSent" | "signal"> = {},
  ): Promise<PostedBuild> {
    const { builder, source } = facts;
    const proxyArgs = await this.#proxyArgs(options);
    const query = buildQuery({ ...facts, options, buildId: this.#buildId, proxyArgs });
    const authHeaders = builder === "classic" ? await this.#authHeaders(options, source.dockerfileText) : {};
    const request = await this.#engine.versioned({
      method: "POST",
      path: "/build",
      query,
      headers: { ...contextHeaders(source), ...authHeaders },
      ...(source.body ? { body: source.body } : {}),
      kind: "stream",
      onSent,
      signal,
    });
    return { builder, request, answer: await this.#send(request, source.body) };
  }

  #started(options: CheckedBuildOptions, source: BuildSource, { builder, request, answer }: PostedBuild): StartedBuild {
    return {
      chunks: this.#engine.transport.readBody(request, answer),
      outcome: new BuildOutcome(builder, source.dockerfileText, makesImage(options)),
    };
  }

  async #openSource(
    options: CheckedBuildOptions,
    canSync: boolean,
    onFolder?: (folder: FolderToCome) => Promise<void>,
  ): Promise<BuildSource> {
    const source = await openBuildSource(options, this.#signal, canSync, onFolder);
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

function contextHeaders({ body, encoding = "identity" }: Partial<BuildSource>): Record<string, string> {
  if (body === undefined) return {};
  return { "content-type": "application/x-tar", ...(encoding === "identity" ? {} : { "content-encoding": encoding }) };
}
