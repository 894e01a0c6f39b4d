import { once } from "node:events";
import type { Writable } from "node:stream";
import { grpcMethod } from "../../grpc/grpc-method.ts";
import { streaming } from "../../grpc/grpc-server.ts";
import type { GrpcServerCall } from "../../grpc/grpc-server-call.ts";
import { GRPC_STATUS, GrpcStatusError } from "../../grpc/grpc-status.ts";
import type { BytesMessage } from "../../protos/generated/bytes-message.ts";
import { FileSendDefinition } from "../../protos/generated/filesync.ts";
import { openArchiveFile } from "./archive-file.ts";
import type { SessionService } from "../session-service.ts";

type Call = GrpcServerCall<BytesMessage, BytesMessage>;

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
  return [
    streaming(grpcMethod(FileSendDefinition, "diffCopy"), async (call) => {
      try {
        await take(call);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new GrpcStatusError(GRPC_STATUS.aborted, `the result could not be taken: ${reason}`);
      }
    }),
  ];
}

/** A call that is cancelled throws: half an archive must not pass for one. */
async function copy(call: Call, target: Writable): Promise<void> {
  const failed = once(target, "error").then(([error]) => Promise.reject(error as Error));
  failed.catch(() => {});
  for await (const { data } of call.messages()) {
    if (!target.write(data)) await Promise.race([once(target, "drain"), failed]);
  }
}
