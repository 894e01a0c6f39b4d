import { grpcMethod } from "../../grpc/grpc-method.ts";
import { streaming, unary } from "../../grpc/grpc-server.ts";
import { GRPC_STATUS, GrpcStatusError } from "../../grpc/grpc-status.ts";
import { ContentDefinition, type Info } from "../../protos/generated/content.ts";
import type { SessionService } from "../session-service.ts";
import type { ContentStore } from "./content-store.ts";
import type { BlobInfo } from "./oci-layout.ts";
import { answerWrite } from "./write-call.ts";

/** Which of a client's stores a call is about (buildkit, session/content/attachable.go). */
const STORE_HEADER = "buildkit-attachable-store-id";
/** gRPC refuses messages of more than 4 MiB by default; larger blobs go as several. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const INFOS_A_MESSAGE = 100;

/** Gives BuildKit the blobs of stores of this machine, and takes blobs into them. @param stores by their names in the solve request */
export function contentService(stores: ReadonlyMap<string, ContentStore>): SessionService {
  const storeOf = (call: { header(name: string): string | undefined }): ContentStore => {
    const name = call.header(STORE_HEADER) ?? "";
    const store = stores.get(name);
    if (store) return store;
    throw new GrpcStatusError(GRPC_STATUS.notFound, `this client has no content store ${JSON.stringify(name)}`);
  };
  const method = <Name extends keyof (typeof ContentDefinition)["methods"]>(name: Name) =>
    grpcMethod(ContentDefinition, name);
  return [
    unary(method("info"), async ({ digest }, call) => {
      const found = await storeOf(call).layout.find(digest);
      if (found) return { info: infoOf(found) };
      throw new GrpcStatusError(GRPC_STATUS.notFound, `there is no blob ${digest}`);
    }),
    streaming(method("list"), async (call) => {
      const infos: Info[] = [];
      for await (const blob of storeOf(call).layout.list()) {
        infos.push(infoOf(blob));
        if (infos.length === INFOS_A_MESSAGE) await call.write({ info: infos.splice(0) });
      }
      if (infos.length > 0) await call.write({ info: infos });
    }),
    streaming(method("read"), async (call) => {
      for await (const { digest, offset, size } of call.messages()) {
        await using blob = await storeOf(call).layout.open(digest);
        const { size: sizeBytes } = await blob.stat();
        const start = Math.max(0, Number(offset));
        if (start > sizeBytes)
          throw new GrpcStatusError(GRPC_STATUS.outOfRange, `the blob ${digest} has ${sizeBytes} bytes`);
        const end = size <= 0n ? sizeBytes : Math.min(sizeBytes, start + Number(size));
        for (let at = start; at < end;) {
          const { buffer, bytesRead } = await blob.read({
            buffer: Buffer.allocUnsafe(Math.min(MAX_MESSAGE_BYTES, end - at)),
            position: at,
          });
          if (bytesRead === 0) throw new GrpcStatusError(GRPC_STATUS.dataLoss, `the blob ${digest} became shorter`);
          await call.write({ offset: BigInt(at), data: buffer.subarray(0, bytesRead) });
          at += bytesRead;
        }
        return;
      }
    }),
    streaming(method("write"), (call) => answerWrite(call, storeOf(call))),
    unary(method("status"), ({ ref }, call) => {
      const write = storeOf(call).writes.get(ref);
      if (write === undefined) throw new GrpcStatusError(GRPC_STATUS.notFound, `nothing is being written as ${ref}`);
      const { draft, total, expected } = write;
      const { startedAt: started_at, updatedAt: updated_at } = draft;
      return { status: { started_at, updated_at, ref, offset: BigInt(draft.offset), total: BigInt(total), expected } };
    }),
    unary(method("abort"), async ({ ref }, call) => {
      const { writes } = storeOf(call);
      // Its own call then fails at the next message, as it should.
      await writes.get(ref)?.draft[Symbol.asyncDispose]();
      writes.delete(ref);
      return {};
    }),
  ];
}

function infoOf({ digest, sizeBytes, modifiedAt }: BlobInfo): Info {
  return { digest, size: BigInt(sizeBytes), created_at: modifiedAt, updated_at: modifiedAt, labels: new Map() };
}
