import { grpcMethod } from "../../grpc/grpc-method.ts";
import { streaming } from "../../grpc/grpc-server.ts";
import type { GrpcServerCall } from "../../grpc/grpc-server-call.ts";
import { GRPC_STATUS, GrpcStatusError } from "../../grpc/grpc-status.ts";
import { FileSyncDefinition } from "../../protos/generated/filesync.ts";
import { Packet_PacketType as PACKET, type Packet } from "../../protos/generated/packet.ts";
import { FileSender } from "./file-sender.ts";
import { finishPacket, statPacket } from "./sent-packet.ts";
import type { SessionService } from "../session-service.ts";
import type { FolderListing, FolderQuery, SyncedFolder } from "./synced-folder.ts";

type TransferCall = GrpcServerCall<Packet, Packet>;

/** Entries announced in one go, about 20 kB: the other end has something to do while the next ones are put together. */
const ENTRIES_AT_ONCE = 256;
/**
 * And while contents are asked for, which are sent in turn with the list and in larger goes (file-sender.ts): BuildKit holds a
 * goroutine for each file that it waits for, which costs it more the longer the list runs ahead of the contents.
 */
const ENTRIES_BETWEEN_CONTENTS = 64;

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
    for (let start = 0, end = 0; start < listing.length; start = end) {
      end = Math.min(start + (sender.isAsked ? ENTRIES_BETWEEN_CONTENTS : ENTRIES_AT_ONCE), listing.length);
      await write(...Array.from({ length: end - start }, (_, offset) => statPacket(listing.stat(start + offset))));
    }
    await write(statPacket());
    await sender.done;
    await write(finishPacket());
  } finally {
    over.abort(new Error("The transfer is over."));
  }
}

function hear(call: TransferCall, sender: FileSender): Promise<void> {
  return call.receive(({ type, ID, data }) => {
    if (type === PACKET.PACKET_REQ) sender.request(ID);
    else if (type === PACKET.PACKET_FIN) sender.end();
    else if (type === PACKET.PACKET_ERR) throw new TransferRefusedError(Buffer.from(data).toString());
  });
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
