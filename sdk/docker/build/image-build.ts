import { randomUUID } from "node:crypto";
import { CleanUp } from "../clean-up.ts";
import { DockerOptionError, ImageBuildCancelledError, ImageBuildTimeoutError } from "../errors.ts";
import { type EngineRecord, JsonSplitter } from "../json-records.ts";
import type { BuildOptions } from "./build-options.ts";
import type { StartedBuild } from "./build-outcome.ts";
import type { BuildEngine } from "./build-side.ts";
import { BuilderCall } from "./builder-call.ts";
import { type CheckedBuildOptions, checkBuildOptions } from "./check-build-options.ts";
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

/**
 * A build under way. Read its progress (`for await`), or the engine's own records, or its bytes: one of them, once. Or
 * only await `done`, which reads and drops the progress. A reader that is slow holds the engine's stream back; one that
 * leaves early cancels the build.
 *
 * @example
 * ```ts
 * const engine = new DockerEngine();
 * const build = engine.build({ path: "./app", tags: ["app:1"] });
 * for await (const progress of build) if (progress.kind === "log") console.log(progress.text);
 * const { imageId } = await build.done;
 * ```
 */
export class ImageBuild<T = BuildProgress> implements AsyncIterable<T> {
  /** Name of the build on the engine. */
  readonly buildId: string;
  readonly #call: BuilderCall;
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal;
  readonly #started: Promise<StartedBuild>;
  readonly #done = Promise.withResolvers<BuildResult>();
  readonly #cleanUp = new CleanUp();
  readonly #raw: boolean;
  #isRead = false;

  /** @internal Use `DockerEngine.build`. @throws DockerOptionError at once for options that cannot work */
  constructor(engine: BuildEngine, given: BuildOptions) {
    const options = checkBuildOptions(given);
    this.buildId = options.buildId ?? randomUUID();
    this.#raw = options.decode === false;
    this.#signal = this.#controller.signal;
    this.#followSignal(options);
    // Who reads the progress gets the failure there and need not ask `done` for it too.
    this.#done.promise.catch(() => {});
    this.#call = new BuilderCall({
      engine,
      buildId: this.buildId,
      options,
      cleanUp: this.#cleanUp,
      signal: this.#signal,
      abort: (reason) => this.#controller.abort(reason),
    });
    this.#started = this.#call.start();
    this.#started.catch((error: unknown) => this.#settle({ error }));
    this.#signal.addEventListener("abort", () => void this.#endUnread(), { once: true });
  }

  /** Settles when the build has ended: with the image, or with the reason why there is none. */
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

  /** The engine's bytes as they come. The end is still checked: a failed build fails here too. */
  bytes(): AsyncGenerator<Buffer> {
    return this.#read((chunk) => (chunk ? [chunk] : []));
  }

  /** Stops the build on the engine; `done` and readers then fail with ImageBuildCancelledError. */
  async cancel(): Promise<void> {
    if (!this.#signal.aborted) this.#controller.abort(new ImageBuildCancelledError());
    await this.#call.tellToStop();
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
      const reason: unknown = this.#signal.aborted ? this.#signal.reason : (this.#call.contextError ?? error);
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
    return this.#call.takeWarnings().map((text) => ({ kind: "warning", text, detail: [] }));
  }

  async #drain(): Promise<void> {
    try {
      for await (const _ of this.#read(() => [])) continue;
    } catch {
      // `done` is rejected with it, and it is `done` that was asked.
    }
  }

  async #settle(end: { result: BuildResult } | { error: unknown }): Promise<void> {
    if (this.#signal.aborted) void this.#call.tellToStop();
    await this.#cleanUp[Symbol.asyncDispose]();
    if ("result" in end) this.#done.resolve(end.result);
    else this.#done.reject(end.error);
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
}
