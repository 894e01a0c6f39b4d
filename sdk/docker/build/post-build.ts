import type { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { registryConfigHeader } from "../auth/auth-headers.ts";
import { GRPC_API_VERSION } from "../buildkit/open-buildkit.ts";
import type { EnginePing } from "../engine-ping.ts";
import type { EngineRequest } from "../engine-transport.ts";
import { EngineError, UnsupportedByEngineError } from "../errors.ts";
import { type BuildSession, newSessionId, openBuildSession, sessionOffer } from "../session/build-session.ts";
import type { SyncedFolders } from "../session/filesync/synced-folder.ts";
import { BuildOutcome, refusedBuild, type StartedBuild } from "./build-outcome.ts";
import { buildQuery, type BuildQueryInput, FROM_SESSION } from "./build-query.ts";
import type { BuildSide } from "./build-side.ts";
import type { BuildSource, FolderToCome } from "./build-source.ts";
import type { CheckedBuildOptions } from "./check-build-options.ts";
import { needsRegistry, registriesOfDockerfile } from "./named-registries.ts";

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

/** A build that the engine is asked for by POST /build. */
export class PostBuild {
  readonly #side: BuildSide;
  readonly #ping: EnginePing;

  /** @param ping what the engine says of itself */
  constructor(side: BuildSide, ping: EnginePing) {
    this.#side = side;
    this.#ping = ping;
  }

  /** Starts it. @throws DockerError when it cannot be started */
  start(builder: "buildkit" | "classic"): Promise<StartedBuild> {
    return builder === "buildkit" ? this.#startBuildKit() : this.#startClassic();
  }

  async #startClassic(): Promise<StartedBuild> {
    const source = await this.#side.openSource(false);
    return this.#started(source, await this.#post({ builder: "classic", source }));
  }

  /** By POST /build, and a session through which BuildKit asks for the source, for credentials, and for secrets. */
  async #startBuildKit(): Promise<StartedBuild> {
    let early: EarlyBuild | undefined;
    let hasSessions = true;
    const source = await this.#side.openSource(true, async (folder) => {
      early = await this.#begin(folder);
      hasSessions = early !== undefined;
    });
    if (early && early.sharedKey === source.synced?.sharedKey) return this.#started(source, await early.posted);
    await early?.drop();
    const id = newSessionId();
    const session = hasSessions ? await this.#openSession(id, source.synced, this.#side.signal) : undefined;
    if (!session) refuseWithoutSession(this.#side.options, this.#ping);
    const sent = session || !source.synced ? source : await this.#side.openSource(false);
    const facts = { builder: "buildkit", sessionId: session && id, source: sent } as const;
    return this.#started(sent, await this.#post(facts));
  }

  /**
   * Begins a build before its folder is listed: the engine has things to do before it asks for the first file.
   *
   * @returns `undefined` when the engine has no sessions
   */
  async #begin({ dockerfile, folders }: FolderToCome): Promise<EarlyBuild | undefined> {
    const controller = new AbortController();
    this.#side.cleanUp.defer(() => controller.abort());
    const signal = AbortSignal.any([this.#side.signal, controller.signal]);
    const sessionId = newSessionId();
    const { promise: sent, resolve: onSent } = Promise.withResolvers<void>();
    const source = { dockerfile, remote: FROM_SESSION };
    const posted = this.#post({ builder: "buildkit", sessionId, source }, { onSent, signal });
    // An answer, too, says that it is sent; of a failure, whoever waits for it is told.
    void posted.then(
      () => onSent(),
      () => onSent(),
    );
    const drop = async (): Promise<void> => {
      controller.abort();
      await posted.then(
        ({ answer }) => void answer.destroy(),
        () => {},
      );
    };
    const session = await this.#openSession(sessionId, folders, signal);
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
    folders: SyncedFolders | undefined,
    signal: AbortSignal,
  ): Promise<BuildSession | undefined> {
    const { engine, options } = this.#side;
    const offer = await sessionOffer(engine.config, options, this.#side.offeredFolders(folders, signal), signal);
    const session = await openBuildSession(engine, id, offer, signal);
    return session && this.#side.cleanUp.use(session);
  }

  async #post(
    facts: Pick<BuildQueryInput, "builder" | "sessionId"> & { source: Partial<BuildSource> },
    { onSent, signal = this.#side.signal }: Pick<EngineRequest, "onSent" | "signal"> = {},
  ): Promise<PostedBuild> {
    const { builder, source } = facts;
    const { options, buildId } = this.#side;
    const proxyArgs = await this.#side.proxyArgs();
    const query = buildQuery({ ...facts, engine: this.#ping, options, buildId, proxyArgs });
    const authHeaders = builder === "classic" ? await this.#authHeaders(source.dockerfileText) : {};
    const request = await this.#side.engine.versioned({
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

  #started(source: BuildSource, { builder, request, answer }: PostedBuild): StartedBuild {
    return {
      chunks: this.#side.engine.transport.readBody(request, answer),
      outcome: new BuildOutcome(builder, source.dockerfileText, this.#side.makesImage),
    };
  }

  async #send(request: EngineRequest, body: Readable | undefined): Promise<Readable> {
    // What goes wrong with the context surfaces as a broken request; the context's own error says more.
    body?.once("error", (error) => (this.#side.contextError = error));
    try {
      return (await this.#side.engine.transport.request(request)).body;
    } catch (error) {
      if (this.#side.signal.aborted) throw this.#side.signal.reason;
      throw this.#side.contextError ?? (error instanceof EngineError ? refusedBuild(error) : error);
    }
  }

  /**
   * The classic builder is sent credentials in a header; BuildKit ignores that and asks through the session. A helper may
   * ask a cloud or a person, so that it is asked for the registries of the Dockerfile alone.
   */
  async #authHeaders(dockerfile: string | undefined): Promise<Record<string, string>> {
    const { auth = {}, buildArgs = {} } = this.#side.options;
    const values = Object.entries(buildArgs).filter((entry): entry is [string, string] => entry[1] !== null);
    const registries = dockerfile && registriesOfDockerfile(dockerfile, Object.fromEntries(values));
    const credentials = await this.#side.engine.config.allCredentials({
      explicit: auth,
      ...(registries ? { isWanted: (server) => needsRegistry(registries, server) } : {}),
      onFailure: ({ message }) => this.#side.warn(message),
      signal: this.#side.signal,
    });
    return credentials.size === 0 ? {} : { "x-registry-config": registryConfigHeader(credentials) };
  }
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

function contextHeaders({ body, encoding = "identity" }: Partial<BuildSource>): Record<string, string> {
  if (body === undefined) return {};
  return { "content-type": "application/x-tar", ...(encoding === "identity" ? {} : { "content-encoding": encoding }) };
}
