import type { Packet } from "../../protos/generated/packet.ts";
import { dataPacket, endOfFile } from "./sent-packet.ts";
import type { FolderListing } from "./synced-folder.ts";

/** Large files, or batches of small ones, read at a time. More only take the cores from an engine on the same machine. */
const READERS = 1;

/**
 * Files up to this size are read together, as many as there are requests for, up to these limits of one go. Two goes are in
 * memory at most, one that is being written and the next.
 */
const SMALL_FILE_BYTES = 128 * 1024;
const BATCH_BYTES = 1024 * 1024;
const BATCH_FILES = 256;

/** Sends the files that are asked for, some at a time. */
export class FileSender {
  readonly #listing: FolderListing;
  readonly #write: (...packets: Packet[]) => Promise<void>;
  readonly #over: AbortController;
  readonly #done = Promise.withResolvers<void>();
  /** No longer than the listing: BuildKit asks for each file once. */
  readonly #waiting: number[] = [];
  #next = 0;
  #readers = 0;

  constructor(listing: FolderListing, write: (...packets: Packet[]) => Promise<void>, over: AbortController) {
    this.#listing = listing;
    this.#write = write;
    this.#over = over;
    over.signal.addEventListener("abort", () => this.#done.reject(over.signal.reason), { once: true });
    // Looked at when all entries are announced; a failure before that comes through the writing too.
    this.#done.promise.catch(() => {});
  }

  /** Settles when BuildKit has everything. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Whether contents are being read or sent. */
  get isAsked(): boolean {
    return this.#readers > 0;
  }

  request(id: number): void {
    this.#waiting.push(id);
    if (this.#readers < READERS) void this.#read();
  }

  end(): void {
    this.#done.resolve();
  }

  /** Reads on while what was read before is being written, so that BuildKit has something to do meanwhile. */
  async #read(): Promise<void> {
    this.#readers++;
    try {
      let writing: Promise<void> | undefined;
      for (let ids = this.#take(); ids.length > 0; ids = this.#take()) {
        const packets = this.#isSmall(ids[0]!) ? await this.#contents(ids) : undefined;
        await writing;
        writing = packets ? this.#write(...packets) : this.#send(ids[0]!);
        // Awaited below, though not before the next files are read.
        writing.catch(() => {});
        // None is asked for: nothing to read meanwhile. And from the look that finds none to the reader's end nothing is
        // awaited, or a request in between would find it neither reading nor gone.
        if (this.#next === this.#waiting.length) await writing;
      }
    } catch (error) {
      this.#done.reject(error);
      this.#over.abort(error);
    } finally {
      this.#readers--;
    }
  }

  /** The next file, or the next ones as long as they are small. */
  #take(): number[] {
    const ids: number[] = [];
    let bytes = 0;
    for (let id = this.#waiting[this.#next]; id !== undefined; id = this.#waiting[this.#next]) {
      const isSmall = this.#isSmall(id);
      bytes += this.#listing.stat(id).size;
      if (ids.length > 0 && (!isSmall || bytes > BATCH_BYTES || ids.length === BATCH_FILES)) break;
      ids.push(id);
      this.#next++;
      if (!isSmall) break;
    }
    return ids;
  }

  #isSmall(id: number): boolean {
    return this.#listing.readAll !== undefined && this.#listing.stat(id).size <= SMALL_FILE_BYTES;
  }

  async #send(id: number): Promise<void> {
    for await (const piece of this.#listing.open(id, this.#over.signal)) {
      // One without bytes is the end of the file.
      if (piece.length > 0) await this.#write(dataPacket(id, piece));
    }
    await this.#write(endOfFile(id));
  }

  async #contents(ids: readonly number[]): Promise<Packet[]> {
    const contents = await this.#listing.readAll!(ids, this.#over.signal);
    return contents.flatMap((content, index) => {
      const [data, end] = [dataPacket(ids[index]!, content), endOfFile(ids[index]!)];
      return content.length > 0 ? [data, end] : [end];
    });
  }
}
