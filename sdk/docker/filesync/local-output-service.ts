import { loadMethod } from "../grpc/grpc-method.ts";
import { streaming } from "../grpc/grpc-server.ts";
import type { GrpcServerCall } from "../grpc/grpc-server-call.ts";
import { GRPC_STATUS, GrpcStatusError } from "../grpc/grpc-status.ts";
import { SESSION_PROTOS } from "../session/session-proto.ts";
import type { SessionService } from "../session/session-service.ts";
import { FolderWriter } from "./folder-writer.ts";
import { PACKET, type Packet } from "./packet.ts";

/** Files asked for at once. The sender holds back when 128 wait, and would then no longer hear us. */
const MAX_REQUESTS = 64;

/** Takes what the exporter `local` of BuildKit sends into the folder `dest`. */
export function localOutputService(dest: string): SessionService {
  const diffCopy = loadMethod<Packet, Packet>(SESSION_PROTOS.folderSend, "moby.filesync.v1.FileSend", "DiffCopy");
  return [
    streaming(diffCopy, async (call) => {
      try {
        await receive(call, dest);
      } catch (error) {
        if (call.signal.aborted) throw call.signal.reason;
        const reason = error instanceof Error ? error.message : String(error);
        await call.write({ type: PACKET.error, data: Buffer.from(reason) });
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
  for await (const { type, stat, ID = 0, data = EMPTY } of call.messages()) {
    if (type === PACKET.error) throw new Error(data.toString("utf8"));
    if (type === PACKET.finish) return;
    if (type === PACKET.stat && stat) {
      const id = await writer.add(stat);
      if (id !== undefined) waiting.push(id);
    } else if (type === PACKET.stat) isWalkOver = true;
    else if (type === PACKET.data && (await writer.write(ID, data))) asked--;
    for (; waiting.length > 0 && asked < MAX_REQUESTS; asked++)
      await call.write({ type: PACKET.request, ID: waiting.shift()! });
    if (isWalkOver && asked === 0) {
      await writer.finish();
      await call.write({ type: PACKET.finish });
    }
  }
}

const EMPTY = Buffer.alloc(0);
