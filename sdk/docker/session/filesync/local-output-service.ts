import { codecOf, grpcMethod } from "../../grpc/grpc-method.ts";
import { streaming } from "../../grpc/grpc-server.ts";
import type { GrpcServerCall } from "../../grpc/grpc-server-call.ts";
import { GRPC_STATUS, GrpcStatusError } from "../../grpc/grpc-status.ts";
import { FileSendDefinition } from "../../protos/generated/filesync.ts";
import { Packet, Packet_PacketType as PACKET } from "../../protos/generated/packet.ts";
import type { SessionService } from "../session-service.ts";
import { FolderWriter } from "./folder-writer.ts";
import { receivedEntry } from "./received-entry.ts";

/** Files asked for at once. The sender holds back when 128 wait, and would then no longer hear us. */
const MAX_REQUESTS = 64;

/** The same method with other messages: this exporter sends packets where the others send bytes. */
const DIFF_COPY = {
  ...grpcMethod(FileSendDefinition, "diffCopy"),
  request: codecOf(Packet),
  response: codecOf(Packet),
};

/** Takes what the exporter `local` of BuildKit sends into the folder `dest`. */
export function localOutputService(dest: string): SessionService {
  return [
    streaming(DIFF_COPY, async (call) => {
      try {
        await receive(call, dest);
      } catch (error) {
        if (call.signal.aborted) throw call.signal.reason;
        const reason = error instanceof Error ? error.message : String(error);
        await call.write(packet(PACKET.PACKET_ERR, { data: Buffer.from(reason) }));
        throw new GrpcStatusError(GRPC_STATUS.aborted, `the folder ${dest} cannot be written: ${reason}`);
      }
    }),
  ];
}

async function receive(call: GrpcServerCall<Packet, Packet>, dest: string): Promise<void> {
  await using writer = new FolderWriter(dest);
  await writer.begin();
  const waiting: number[] = [];
  let asked = 0;
  let isWalkOver = false;
  for await (const { type, stat, ID, data } of call.messages()) {
    if (type === PACKET.PACKET_ERR) throw new Error(Buffer.from(data).toString("utf8"));
    if (type === PACKET.PACKET_FIN) return;
    if (type === PACKET.PACKET_STAT && stat) {
      const id = await writer.add(receivedEntry(stat));
      if (id !== undefined) waiting.push(id);
    } else if (type === PACKET.PACKET_STAT) isWalkOver = true;
    else if (type === PACKET.PACKET_DATA && (await writer.write(ID, data))) asked--;
    for (; waiting.length > 0 && asked < MAX_REQUESTS; asked++)
      await call.write(packet(PACKET.PACKET_REQ, { ID: waiting.shift()! }));
    if (isWalkOver && asked === 0) {
      await writer.finish();
      await call.write(packet(PACKET.PACKET_FIN));
    }
  }
}

function packet(type: PACKET, { ID = 0, data = EMPTY }: { ID?: number; data?: Uint8Array } = {}): Packet {
  return { type, stat: undefined, ID, data };
}

const EMPTY = new Uint8Array(0);
