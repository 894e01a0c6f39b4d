import { once } from "node:events";
import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import { loadService, type SessionService } from "./session-service.ts";
import { dataPacket, endPacket, PACKET, statPacket } from "./stat-packet.ts";
import { type FolderListing, type FolderQuery, QUERY_SEPARATOR, type SyncedFolder } from "./synced-folder.ts";

/** What is read of it here; what is written, statPacket and its like encode. */
const FILE_SYNC_PROTO = `
  syntax = "proto3";
  package moby.filesync.v1;
  service FileSync {
    rpc DiffCopy(stream Packet) returns (stream Packet);
  }
  message Packet { int32 type = 1; uint32 ID = 3; bytes data = 4; }
`;

/** What BuildKit sends in a transfer: requests for files, and that it has got all of them. */
interface ReceivedPacket {
  type: number;
  ID: number;
  data: Buffer;
}

type TransferCall = ServerDuplexStream<ReceivedPacket, Uint8Array>;

/** Files read at a time, as many as fsutil's own sender. */
const READERS = 4;

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
  const definition = loadService(FILE_SYNC_PROTO, "moby.filesync.v1.FileSync");
  const method = definition.DiffCopy!;
  return {
    // What is written is encoded already.
    definition: { DiffCopy: { ...method, responseSerialize: (packet: Buffer) => packet } },
    handlers: {
      DiffCopy(call: TransferCall) {
        const name = header(call, "dir-name") ?? "";
        const folder = folders.get(name);
        if (folder) {
          transfer(call, folder.list(query(call))).catch((error: unknown) => {
            // What the builder has against it is in the build's own records.
            if (!call.cancelled && !(error instanceof TransferRefusedError)) onFailure(error);
            const details = `the folder ${name} could not be sent: ${error instanceof Error ? error.message : String(error)}`;
            call.emit("error", { code: status.ABORTED, details });
          });
        } else call.emit("error", { code: status.NOT_FOUND, details: `no access allowed to dir "${name}"` });
      },
    },
  };
}

/** The builder does not go on with a transfer. */
class TransferRefusedError extends Error {}

async function transfer(call: TransferCall, listing: FolderListing): Promise<void> {
  const over = new AbortController();
  call.once("cancelled", () => over.abort(new Error("The builder has ended the transfer.")));
  const write = async (packet: Uint8Array) => {
    over.signal.throwIfAborted();
    if (!call.write(packet)) await once(call, "drain", { signal: over.signal });
  };
  const sender = new FileSender(listing, write, over);
  call.on("data", ({ type, ID, data }: ReceivedPacket) => {
    if (type === PACKET.request) sender.request(ID);
    else if (type === PACKET.end) sender.end();
    else if (type === PACKET.error) over.abort(new TransferRefusedError(data.toString()));
  });
  try {
    for (let id = 0; id < listing.length; id++) await write(statPacket(listing.stat(id)));
    await write(statPacket());
    await sender.done;
    await write(endPacket());
    call.end();
  } finally {
    over.abort();
  }
}

/** Sends the files that are asked for, some at a time, in the order in which they are. */
class FileSender {
  readonly #listing: FolderListing;
  readonly #write: (packet: Uint8Array) => Promise<void>;
  readonly #over: AbortController;
  readonly #done = Promise.withResolvers<void>();
  /** No longer than the listing: BuildKit asks for each file once. */
  readonly #waiting: number[] = [];
  #next = 0;
  #readers = 0;

  constructor(listing: FolderListing, write: (packet: Uint8Array) => Promise<void>, over: AbortController) {
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
      for (let id = this.#waiting[this.#next]; id !== undefined; id = this.#waiting[this.#next]) {
        this.#next++;
        for await (const piece of this.#listing.open(id, this.#over.signal)) {
          // One without bytes is the end of the file.
          if (piece.length > 0) await this.#write(dataPacket(id, piece));
        }
        await this.#write(dataPacket(id, NOTHING));
      }
    } catch (error) {
      this.#done.reject(error);
      this.#over.abort(error);
    } finally {
      this.#readers--;
    }
  }
}

const NOTHING = new Uint8Array(0);

function query(call: TransferCall): FolderQuery {
  return {
    include: header(call, "include-patterns"),
    follow: header(call, "followpaths"),
    hasExcludes: header(call, "exclude-patterns") !== undefined,
  };
}

/** Newer BuildKits escape what HTTP headers cannot hold, and say so in a second header (buildkit, encodeOpts). */
function header(call: TransferCall, name: string): string | undefined {
  const values = call.metadata.get(name).map(String);
  if (values.length === 0) return undefined;
  const text = values.join(QUERY_SEPARATOR);
  const isEncoded = String(call.metadata.get(`${name}-encoded`)[0] ?? "") === "1";
  // Go's QueryEscape: a plus is a space.
  return isEncoded ? decodeURIComponent(text.replaceAll("+", " ")) : text;
}
