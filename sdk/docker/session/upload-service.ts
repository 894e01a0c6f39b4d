import type { Readable } from "node:stream";
import { grpcMethod } from "../grpc/grpc-method.ts";
import { streaming } from "../grpc/grpc-server.ts";
import { GRPC_STATUS, GrpcStatusError } from "../grpc/grpc-status.ts";
import { UploadDefinition } from "../protos/generated/upload.ts";
import type { SessionService } from "./session-service.ts";

/** gRPC refuses messages of more than 4 MiB by default; larger pieces go as several. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Gives BuildKit the context when it fetches `http://buildkit-session/…` (buildkit, session/upload). It does so once. */
export function uploadService(body: Readable): SessionService {
  let isTaken = false;
  return [
    streaming(grpcMethod(UploadDefinition, "pull"), async (call) => {
      if (isTaken) throw new GrpcStatusError(GRPC_STATUS.failedPrecondition, "the build context was sent already");
      isTaken = true;
      try {
        for await (const chunk of body as AsyncIterable<Buffer>) {
          for (let at = 0; at < chunk.length; at += MAX_MESSAGE_BYTES)
            await call.write({ data: chunk.subarray(at, at + MAX_MESSAGE_BYTES) });
        }
      } catch (error) {
        if (call.signal.aborted) throw call.signal.reason;
        throw new GrpcStatusError(GRPC_STATUS.aborted, `the build context broke: ${String(error)}`);
      }
    }),
  ];
}
