import { type UnsupportedEntry, unsupportedKindName } from "../../context/entry.ts";
import type { CleanUp } from "../clean-up.ts";
import type { EngineApi } from "../engine-api.ts";
import type { EngineImages } from "../images.ts";
import type { OfferedFolders } from "../session/build-session.ts";
import type { SyncedFolders } from "../session/filesync/synced-folder.ts";
import { proxiesNotGiven } from "./build-query.ts";
import { type BuildSource, type FolderToCome, openBuildSource } from "./build-source.ts";
import type { CheckedBuildOptions } from "./check-build-options.ts";

/** The engine of a build: what a BuildKit beside it has built is loaded into its images. */
export interface BuildEngine extends EngineApi {
  readonly images: EngineImages;
}

/** What this side of one build is made of. */
export interface BuildSideFacts {
  readonly engine: BuildEngine;
  /** Name of the build on the engine. */
  readonly buildId: string;
  readonly options: CheckedBuildOptions;
  /** Closes what is opened for the build, at its end. */
  readonly cleanUp: CleanUp;
  readonly signal: AbortSignal;
}

/** This side of one build, whoever builds: what it is made of, and what is to be said of it. */
export class BuildSide {
  readonly engine: BuildEngine;
  readonly buildId: string;
  readonly options: CheckedBuildOptions;
  readonly cleanUp: CleanUp;
  readonly signal: AbortSignal;
  /** What went wrong with the context here; the builder's words of it say less. */
  contextError: unknown;
  readonly #warnings = new Set<string>();
  #taken = 0;

  constructor({ engine, buildId, options, cleanUp, signal }: BuildSideFacts) {
    this.engine = engine;
    this.buildId = buildId;
    this.options = options;
    this.cleanUp = cleanUp;
    this.signal = signal;
  }

  /** Something to say of the build; twice the same is said once. */
  warn(text: string): void {
    this.#warnings.add(text);
  }

  /** Says what is sent to no builder. */
  warnOf(leftOut: readonly UnsupportedEntry[]): void {
    for (const { path, kind } of leftOut) {
      this.warn(`${path} is ${unsupportedKindName(kind)}, and is left out of the build.`);
    }
  }

  /** What is to be said before the builder's next word. @returns what is new since the last time */
  takeWarnings(): string[] {
    const texts = [...this.#warnings].slice(this.#taken);
    this.#taken += texts.length;
    return texts;
  }

  /** Opens what is built, as {@link openBuildSource} does, and closes it at the end. */
  async openSource(canSync: boolean, onFolder?: (folder: FolderToCome) => Promise<void>): Promise<BuildSource> {
    const source = await openBuildSource(this.options, this.signal, canSync, onFolder);
    if (source.body) this.cleanUp.defer(() => void source.body?.destroy());
    this.warnOf(source.leftOut ?? []);
    return source;
  }

  /** Folders for a session. What goes wrong with one here BuildKit tells in words of its own; the error itself says more. */
  offeredFolders(folders: SyncedFolders | undefined, signal = this.signal): OfferedFolders | undefined {
    const onFailure = (error: unknown) => {
      // A session that was broken off has nothing to say of the next one.
      if (!signal.aborted) this.contextError = error;
    };
    return folders && { ...folders, onFailure };
  }

  /** Build arguments from the proxies of Docker's configuration, without those given explicitly. */
  async proxyArgs(): Promise<Record<string, string>> {
    const { useConfigProxy, buildArgs } = this.options;
    if (!useConfigProxy) return {};
    return proxiesNotGiven(await this.engine.config.proxyBuildArgs(this.engine.host), buildArgs);
  }

  /** Whether an image comes of it, and not only files. */
  get makesImage(): boolean {
    return (this.options.outputs ?? []).every(({ type }) => type === "image");
  }
}
