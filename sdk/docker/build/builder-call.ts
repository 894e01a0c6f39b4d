import { compareApiVersions } from "../api-version.ts";
import { openCaches } from "../buildkit/build-caches.ts";
import type { BuildKitDaemon } from "../buildkit/buildkit-options.ts";
import { GRPC_API_VERSION, openDaemon, openEngineBuildKit } from "../buildkit/open-buildkit.ts";
import { type SolveBuild, solveBuild } from "../buildkit/solve-build.ts";
import type { EnginePing } from "../engine-ping.ts";
import { UnsupportedByEngineError } from "../errors.ts";
import type { WorkerRecord } from "../protos/generated/control.ts";
import { BuildOutcome, type StartedBuild } from "./build-outcome.ts";
import { BuildSide, type BuildSideFacts } from "./build-side.ts";
import type { CheckedBuildOptions } from "./check-build-options.ts";
import { chooseBuilder, needsControl, refuseClassicOnly } from "./choose-builder.ts";
import { joinFolders, openNamedContexts } from "./named-contexts.ts";
import { PostBuild } from "./post-build.ts";

/** First API version of POST /build/cancel. */
const CANCEL_API_VERSION = "1.39";
/** The connection's end stops the build by itself; the call beside it must not hold its caller up. */
const CANCEL_TIMEOUT_MS = 5_000;

/** Label of a worker whose images are containerd's. */
const SNAPSHOTTER_LABEL = "org.mobyproject.buildkit.worker.snapshotter";

/** What a call of a builder is made of. */
export interface BuilderCallFacts extends BuildSideFacts {
  /** Ends the build, when the engine falls silent. */
  readonly abort: (reason: unknown) => void;
}

/** One build's call of the builder that its options ask for, with all that is opened for it. */
export class BuilderCall {
  readonly #side: BuildSide;
  readonly #abort: (reason: unknown) => void;
  #ping: EnginePing | undefined;

  constructor({ abort, ...side }: BuilderCallFacts) {
    this.#side = new BuildSide(side);
    this.#abort = abort;
  }

  /** What went wrong with the context on this side; the builder's words of it say less. */
  get contextError(): unknown {
    return this.#side.contextError;
  }

  /** What this side has to say of the build, before the builder's next word. @returns what is new since the last time */
  takeWarnings(): string[] {
    return this.#side.takeWarnings();
  }

  /** Starts the build. @throws DockerError when it cannot be started */
  start(): Promise<StartedBuild> {
    const { options } = this.#side;
    const { builder } = options;
    return typeof builder === "object" ? this.#startDirect(options, builder) : this.#startOnEngine(options);
  }

  /** On a BuildKit daemon of its own. */
  async #startDirect(options: CheckedBuildOptions, daemon: BuildKitDaemon): Promise<StartedBuild> {
    refuseClassicOnly(options, "a BuildKit daemon");
    const client = this.#side.cleanUp.use(await openDaemon(daemon, this.#side.signal));
    return this.#solve(options, { client, isEngine: false });
  }

  /** By the Control service of a BuildKit. */
  async #solve(
    options: CheckedBuildOptions,
    buildkit: Pick<SolveBuild, "client" | "engineWorker" | "isEngine">,
  ): Promise<StartedBuild> {
    const source = await this.#side.openSource(true);
    const named = await openNamedContexts(options.contexts ?? {}, this.#side.signal);
    this.#side.warnOf(named.leftOut);
    const caches = this.#side.cleanUp.use(await openCaches(options, this.#side.signal));
    for (const text of caches.warnings) this.#side.warn(text);
    const buildArgs = { ...(await this.#side.proxyArgs()), ...options.buildArgs };
    const chunks = solveBuild({
      ...buildkit,
      images: this.#side.engine.images,
      config: this.#side.engine.config,
      options,
      source,
      folders: this.#side.offeredFolders(joinFolders(source.synced, named)),
      contexts: named.sources,
      caches,
      buildArgs,
      signal: this.#side.signal,
    });
    return { chunks, outcome: new BuildOutcome("buildkit", source.dockerfileText, this.#side.makesImage) };
  }

  async #startOnEngine(options: CheckedBuildOptions): Promise<StartedBuild> {
    const engine = await this.#side.engine.negotiate(this.#side.signal);
    this.#ping = engine;
    const builder = chooseBuilder(options, engine);
    const own =
      builder === "buildkit"
        ? await openEngineBuildKit(this.#side.engine.transport, engine, this.#side.signal)
        : undefined;
    if (own) {
      refuseCachesItCannotWrite(options, own.worker);
      this.#side.cleanUp.use(this.#side.engine.transport.watch("the build", (error) => this.#abort(error)));
      return this.#solve(options, {
        client: this.#side.cleanUp.use(own.client),
        engineWorker: own.worker,
        isEngine: true,
      });
    }
    const missing = needsControl(options);
    if (missing !== undefined) {
      throw new UnsupportedByEngineError(
        missing.option,
        `This engine takes builds by POST /build (API ${engine.engineApiVersion}), which has no ${missing.what}. ` +
          `Use an engine with API ${GRPC_API_VERSION} or newer, or a BuildKit daemon (builder: { address }).`,
      );
    }
    return new PostBuild(this.#side, engine).start(builder);
  }

  /** Beside closing the connection: a proxy may hold that open, and the engine would build on. */
  async tellToStop(): Promise<void> {
    const engine = this.#ping;
    if (!engine || engine.isPodman || compareApiVersions(engine.apiVersion, CANCEL_API_VERSION) < 0) return;
    try {
      const request = await this.#side.engine.versioned({
        method: "POST",
        path: "/build/cancel",
        query: new URLSearchParams({ id: this.#side.buildId }),
        signal: AbortSignal.timeout(CANCEL_TIMEOUT_MS),
      });
      await this.#side.engine.transport.text(request);
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
