import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import { type BytesCall, type BytesMessage, MessageStream } from "../buildkit/message-stream.ts";
import { SESSION_PROTOS } from "./session-proto.ts";
import { loadService, type SessionService } from "./session-service.ts";

/** Gives BuildKit the context when it fetches `http://buildkit-session/…` (buildkit, session/upload). It does so once. */
export function uploadService(body: Readable): SessionService {
  let isTaken = false;
  return {
    definition: loadService(SESSION_PROTOS.upload, "moby.upload.v1.Upload"),
    handlers: {
      Pull(call: ServerDuplexStream<BytesMessage, BytesMessage>) {
        if (isTaken) {
          call.emit("error", { code: status.FAILED_PRECONDITION, details: "the build context was sent already" });
          return;
        }
        isTaken = true;
        const stream = new MessageStream(call as unknown as BytesCall, () => call.end());
        pipeline(body, stream).catch((error: unknown) => {
          call.emit("error", { code: status.ABORTED, details: `the build context broke: ${String(error)}` });
        });
      },
    },
  };
}
