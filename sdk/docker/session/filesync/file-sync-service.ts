import { grpcMethod } from "../../grpc/grpc-method.ts";
import { streaming } from "../../grpc/grpc-server.ts";
import type { GrpcServerCall } from "../../grpc/grpc-server-call.ts";
import { GRPC_STATUS, GrpcStatusError } from "../../grpc/grpc-status.ts";
import { FileSyncDefinition } from "../../protos/generated/filesync.ts";
import { Packet_PacketType as PACKET, type Packet } from "../../protos/generated/packet.ts";
import { dataPacket, endOfFile, finishPacket, statPacket } from "./sent-packet.ts";
import type { SessionService } from "../session-service.ts";
import type { FolderListing, FolderQuery, SyncedFolder } from "./synced-folder.ts";

type TransferCall = GrpcServerCall<Packet, Packet>;

/** Large files, or batches of small ones, read at a time. More only take the cores from an engine on the same machine. */
const READERS = 1;

/** Files up to this size are read together, as many as there are requests for, up to these limits of one go. */
const SMALL_FILE_BYTES = 128 * 1024;
const BATCH_BYTES = 1024 * 1024;
const BATCH_FILES = 256;

/** Entries announced in one go, about 20 kB: the other end has something to do while the next ones are put together. */
const ENTRIES_AT_ONCE = 256;

/**
 * Lets BuildKit copy folders of this client, and on the next build only what is new in them (buildkit, session/filesync;
 * the protocol within is that of fsutil, described at the top of its receive.go).
 *
 * @param onFailure is told why a transfer broke on this side; BuildKit's own words of it are second-hand
 */
export function fileSyncService(
  folders: ReadonlyMap<string, SyncedFolder>,
  onFailure: (error: unknown) => void,
): SessionService {
  return [
    streaming(grpcMethod(FileSyncDefinition, "diffCopy"), async (call) => {
      const name = call.header("dir-name") ?? "";
      const folder = folders.get(name);
      if (!folder) throw new GrpcStatusError(GRPC_STATUS.notFound, `no access allowed to dir "${name}"`);
      try {
        await transfer(call, await folder.list(query(call)));
      } catch (error) {
        // What the builder has against it is in the build's own records.
        if (!call.signal.aborted && !(error instanceof TransferRefusedError)) onFailure(error);
        const reason = error instanceof Error ? error.message : String(error);
        throw new GrpcStatusError(GRPC_STATUS.aborted, `the folder ${name} could not be sent: ${reason}`);
      }
    }),
  ];
}

/** The builder does not go on with a transfer. */
class TransferRefusedError extends Error {}

async function transfer(call: TransferCall, listing: FolderListing): Promise<void> {
  const over = new AbortController();
  const endWith = (error: unknown) => over.abort(error);
  call.signal.addEventListener("abort", () => endWith(call.signal.reason), { once: true, signal: over.signal });
  const write = (...packets: Packet[]) => {
    over.signal.throwIfAborted();
    return call.write(...packets);
  };
  const sender = new FileSender(listing, write, over);
  hear(call, sender).catch(endWith);
  try {
    for (let id = 0; id < listing.length; id += ENTRIES_AT_ONCE) {
      const count = Math.min(ENTRIES_AT_ONCE, listing.length - id);
      await write(...Array.from({ length: count }, (_, offset) => statPacket(listing.stat(id + offset))));
    }
    await write(statPacket());
    await sender.done;
    await write(finishPacket());
  } finally {
    over.abort(new Error("The transfer is over."));
  }
}

async function hear(call: TransferCall, sender: FileSender): Promise<void> {
  for await (const { type, ID, data } of call.messages()) {
    if (type === PACKET.PACKET_REQ) sender.request(ID);
    else if (type === PACKET.PACKET_FIN) sender.end();
    else if (type === PACKET.PACKET_ERR) throw new TransferRefusedError(Buffer.from(data).toString());
  }
}

/** Sends the files that are asked for, some at a time. */
class FileSender {
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

  request(id: number): void {
    this.#waiting.push(id);
    if (this.#readers < READERS) void this.#read();
  }

  end(): void {
    this.#done.resolve();
  }

  async #read(): Promise<void> {
    this.#readers++;
    try {
      for (let ids = this.#take(); ids.length > 0; ids = this.#take()) {
        if (this.#isSmall(ids[0]!)) await this.#sendAll(ids);
        else await this.#send(ids[0]!);
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

  async #sendAll(ids: readonly number[]): Promise<void> {
    const contents = await this.#listing.readAll!(ids, this.#over.signal);
    const packets = contents.flatMap((content, index) => {
      const [data, end] = [dataPacket(ids[index]!, content), endOfFile(ids[index]!)];
      return content.length > 0 ? [data, end] : [end];
    });
    await this.#write(...packets);
  }
}

function query(call: TransferCall): FolderQuery {
  return {
    include: header(call, "include-patterns"),
    follow: header(call, "followpaths"),
    hasExcludes: header(call, "exclude-patterns") !== undefined,
  };
}

/** Newer BuildKits escape what HTTP headers cannot hold, and say so in a second header (buildkit, encodeOpts). */
function header(call: TransferCall, name: string): string | undefined {
  const text = call.header(name);
  if (text === undefined || call.header(`${name}-encoded`)?.startsWith("1") !== true) return text;
  // Go's QueryEscape: a plus is a space.
  return decodeURIComponent(text.replaceAll("+", " "));
}
