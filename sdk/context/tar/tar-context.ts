import { check, flag, options as optionsOf, signal as abortSignal } from "../../arguments/index.ts";
import { TREE } from "../argument-rules.ts";
import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { BuildContext, ContextTree } from "../build-context.ts";
import { DOCKERIGNORE } from "../dockerfile.ts";
import { findEntry } from "../table/entry-table.ts";
import type { Answer } from "../thread/protocol.ts";
import { fromThreadError } from "../thread/thread-error.ts";
import { type RunningTask, startTask } from "../thread/thread-pool.ts";
import type { TarJob } from "./tar-job.ts";

/** Pieces that may be on their way at once: enough to keep the thread busy, little enough to hold in memory. */
const PIECES_AHEAD = 8;

/**
 * Slots of an array made and dropped with each piece. The memory of pieces that were read is only given back when V8 cleans
 * its nursery, and pieces alone do not fill that: without this, some hundred megabytes of dead pieces pile up first.
 */
const NURSERY_SLOTS = 4096;

/** How {@link tarContext} packs. */
export interface TarOptions {
  /**
   * Compress with gzip.
   *
   * @default false
   */
  gzip?: boolean;
  signal?: AbortSignal;
}

const OPTIONS = optionsOf<TarOptions>({ gzip: flag, signal: abortSignal });

/**
 * The context as a tar, the bytes that a Docker engine is sent. Equal hashes give equal bytes (before gzip): owner and times
 * are zero, modes normalised, entries in the order of their paths.
 *
 * The stream holds the packing back while nobody reads. It fails with `file_changed` when a file no longer has the content
 * that was hashed; an archive that ends without an error is the one that the hash names.
 *
 * @example
 * ```ts
 * import { createWriteStream } from "node:fs";
 * import { pipeline } from "node:stream/promises";
 *
 * const context = await readContext({ dir: "./app" });
 * await pipeline(tarContext(context, { gzip: true }), createWriteStream("app.tar.gz"));
 * ```
 */
export function tarContext(context: BuildContext, options: TarOptions = {}): Readable {
  check("tarContext", { context: TREE, options: OPTIONS }, { context, options });
  const tar = new TarStream(context, options.signal);
  if (!options.gzip) return tar;
  // Errors of either end destroy the other; the reader sees the first one.
  return pipeline(tar, createGzip(), () => undefined);
}

class TarStream extends Readable {
  readonly #context: BuildContext;
  readonly #credit = new Int32Array(new SharedArrayBuffer(4));
  #task: RunningTask | undefined;
  #isFull = false;
  protected nursery: unknown[] = [];

  constructor(context: BuildContext, signal: AbortSignal | undefined) {
    super({ highWaterMark: 1024 * 1024, signal });
    this.#context = context;
    this.#credit[0] = PIECES_AHEAD;
  }

  override _read(): void {
    if (!this.#task) this.#start();
    else if (this.#isFull) {
      this.#isFull = false;
      this.#giveCredit();
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#task) return callback(error);
    this.#task.cancel().then(
      () => callback(error),
      (cause: unknown) => callback(error ?? (cause as Error)),
    );
  }

  #start(): void {
    const { root, table, followsLinks, dockerfile } = this.#context;
    const job: TarJob = {
      root,
      table,
      followLinks: followsLinks,
      // Without what else is known of it: this goes to another thread.
      outsideDockerfile:
        dockerfile?.isInContext === false ? { path: dockerfile.path, content: dockerfile.content } : undefined,
      ...hiddenFromTar(this.#context),
      credit: this.#credit,
    };
    this.#task = startTask(
      { type: "pack", job },
      { onAnswer: (answer) => this.#receive(answer), onCrash: (error) => this.destroy(error) },
    );
  }

  #receive(answer: Answer): void {
    if (this.destroyed) return;
    // Assigned, so that it is made at all; dropped at once, for a nursery in which things survive is made larger.
    this.nursery = new Array(NURSERY_SLOTS).fill(0);
    this.nursery = [];
    if (answer.type === "end") this.push(null);
    else if (answer.type === "failed") this.destroy(fromThreadError(answer.error));
    else if (answer.type === "piece" && this.push(answer.bytes)) this.#giveCredit();
    else this.#isFull = true;
  }

  #giveCredit(): void {
    Atomics.add(this.#credit, 0, 1);
    Atomics.notify(this.#credit, 0);
  }
}

/**
 * The classic builder reads `.dockerignore` out of the tar, and takes away no more than the Dockerfile and that file
 * itself (Docker Engine, builder/remotecontext/detect.go).
 */
function hiddenFromTar({ table, dockerfile, hidden }: ContextTree): Pick<TarJob, "hides" | "omitted"> {
  const ignoreFile = dockerfile?.ignoreFile;
  if (dockerfile === undefined || ignoreFile === undefined || ignoreFile === DOCKERIGNORE) {
    return { hides: [], omitted: -1 };
  }
  const isHidden = (path: string) => hidden.has(findEntry(table, path));
  return {
    hides: dockerfile.isInContext && isHidden(dockerfile.path) ? [dockerfile.path] : [],
    omitted: isHidden(ignoreFile) ? findEntry(table, ignoreFile) : -1,
  };
}
