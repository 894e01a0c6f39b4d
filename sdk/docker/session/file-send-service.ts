import type { Writable } from "node:stream";
import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import type { BytesMessage } from "../buildkit/message-stream.ts";
import { SESSION_PROTOS } from "./session-proto.ts";
import { loadService, type SessionService } from "./session-service.ts";

/** Takes what an exporter of BuildKit sends to its client, such as the archive of an image (buildkit, session/filesync). */
export function fileSendService(archive: Writable): SessionService {
  return {
    definition: loadService(SESSION_PROTOS.fileSend, "moby.filesync.v1.FileSend"),
    handlers: {
      DiffCopy(call: ServerDuplexStream<BytesMessage, BytesMessage>) {
        call.on("data", ({ data }: BytesMessage) => {
          if (archive.write(data)) return;
          call.pause();
          archive.once("drain", () => call.resume());
        });
        call.once("end", () => archive.end(() => call.end()));
        archive.once("error", (error) => {
          call.emit("error", { code: status.ABORTED, details: `the result could not be taken: ${error.message}` });
        });
      },
    },
  };
}
