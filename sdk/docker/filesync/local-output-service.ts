import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import { SESSION_PROTOS } from "../session/session-proto.ts";
import { loadService, type SessionService } from "../session/session-service.ts";
import { FolderWriter } from "./folder-writer.ts";
import { PACKET, type Packet } from "./packet.ts";

/** Files asked for at once. The sender holds back when 128 wait, and would then no longer hear us. */
const MAX_REQUESTS = 64;

/** Takes what the exporter `local` of BuildKit sends into the folder `dest`. */
export function localOutputService(dest: string): SessionService {
  return {
    definition: loadService(SESSION_PROTOS.folderSend, "moby.filesync.v1.FileSend"),
    handlers: {
      DiffCopy(call: ServerDuplexStream<Packet, Packet>) {
        receive(call, dest).then(
          () => call.end(),
          (error: Error) => {
            call.write({ type: PACKET.error, data: Buffer.from(error.message) });
            call.emit("error", {
              code: status.ABORTED,
              details: `the folder ${dest} cannot be written: ${error.message}`,
            });
          },
        );
      },
    },
  };
}

async function receive(call: ServerDuplexStream<Packet, Packet>, dest: string): Promise<void> {
  await using writer = new FolderWriter(dest);
  await writer.begin();
  const waiting: number[] = [];
  let asked = 0;
  let isWalkOver = false;
  for await (const { type, stat, ID = 0, data = EMPTY } of call as AsyncIterable<Packet>) {
    if (type === PACKET.error) throw new Error(data.toString("utf8"));
    if (type === PACKET.finish) return;
    if (type === PACKET.stat && stat) {
      const id = await writer.add(stat);
      if (id !== undefined) waiting.push(id);
    } else if (type === PACKET.stat) isWalkOver = true;
    else if (type === PACKET.data && (await writer.write(ID, data))) asked--;
    for (; waiting.length > 0 && asked < MAX_REQUESTS; asked++)
      call.write({ type: PACKET.request, ID: waiting.shift() });
    if (isWalkOver && asked === 0) {
      await writer.finish();
      call.write({ type: PACKET.finish });
    }
  }
}

const EMPTY = Buffer.alloc(0);
