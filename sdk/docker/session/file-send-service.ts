import { once } from "node:events";
import type { Writable } from "node:stream";
import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import type { BytesMessage } from "../buildkit/message-stream.ts";
import { openArchiveFile } from "./archive-file.ts";
import { SESSION_PROTOS } from "./session-proto.ts";
import { loadService, type SessionService } from "./session-service.ts";

type Call = ServerDuplexStream<BytesMessage, BytesMessage>;

/** Takes what an exporter of BuildKit sends to its client, such as the archive of an image (buildkit, session/filesync). */
export function fileSendService(archive: Writable): SessionService {
  return sendService(async (call) => {
    await copy(call, archive);
    archive.end();
  });
}

/** Takes it into a file. */
export function fileOutputService(dest: string): SessionService {
  return sendService(async (call) => {
    const file = openArchiveFile(dest);
    try {
      await copy(call, file.writable);
      await file.commit();
    } catch (error) {
      await file.discard();
      throw error;
    }
  });
}

function sendService(take: (call: Call) => Promise<void>): SessionService {
  return {
    definition: loadService(SESSION_PROTOS.fileSend, "moby.filesync.v1.FileSend"),
    handlers: {
      DiffCopy(call: Call) {
        take(call).then(
          () => call.end(),
          (error: Error) => {
            call.emit("error", { code: status.ABORTED, details: `the result could not be taken: ${error.message}` });
          },
        );
      },
    },
  };
}

async function copy(call: Call, target: Writable): Promise<void> {
  let isOver = false;
  call.once("end", () => (isOver = true));
  const failed = once(target, "error").then(([error]) => Promise.reject(error as Error));
  failed.catch(() => {});
  for await (const { data } of call as AsyncIterable<BytesMessage>) {
    if (!target.write(data)) await Promise.race([once(target, "drain"), failed]);
  }
  // A call that is cancelled ends its messages too; half an archive must not pass for one.
  if (!isOver || call.cancelled) throw new Error("BuildKit cancelled the transfer");
}
