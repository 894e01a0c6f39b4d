import type { GrpcServerCall } from "../../grpc/grpc-server-call.ts";
import { GRPC_STATUS, GrpcStatusError } from "../../grpc/grpc-status.ts";
import { WriteAction, type WriteContentRequest, type WriteContentResponse } from "../../protos/generated/content.ts";
import { BlobDraft } from "./blob-draft.ts";
import type { ContentStore } from "./content-store.ts";

/**
 * Takes one blob. The builder waits for an answer to each message: it asks how far the write is, sends bytes, and ends with
 * `COMMIT` (containerd, plugins/services/content/contentserver). A call that ends before that leaves nothing behind.
 */
export async function answerWrite(
  call: GrpcServerCall<WriteContentRequest, WriteContentResponse>,
  store: ContentStore,
): Promise<void> {
  const { layout, writes } = store;
  if (!store.isWritable)
    throw new GrpcStatusError(GRPC_STATUS.failedPrecondition, `${layout.dir} is a cache to read, not to write`);
  await using draft = await BlobDraft.open(layout);
  const write = { draft, total: 0, expected: "" };
  let ref = "";
  try {
    for await (const request of call.messages()) {
      if (ref === "") {
        ref = request.ref;
        if (ref === "")
          throw new GrpcStatusError(GRPC_STATUS.invalidArgument, "the first message of a write must have a name");
        writes.set(ref, write);
      }
      if (request.total > 0n) write.total = Number(request.total);
      if (request.expected !== "") {
        write.expected = request.expected;
        await refuseExisting(store, request.expected);
      }
      if (request.action !== WriteAction.STAT) await add(draft, request);
      if (request.action === WriteAction.COMMIT) store.lastWritten = await draft.commit(write.expected, write.total);
      await call.write({
        action: request.action,
        started_at: draft.startedAt,
        updated_at: draft.updatedAt,
        offset: BigInt(draft.offset),
        total: BigInt(write.total),
        digest: draft.digest,
      });
      if (request.action === WriteAction.COMMIT) return;
    }
  } catch (error) {
    if (error instanceof GrpcStatusError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new GrpcStatusError(GRPC_STATUS.aborted, `the cache cannot be written to ${layout.dir}: ${reason}`, error);
  } finally {
    if (writes.get(ref) === write) writes.delete(ref);
  }
}

/** A blob that is there need not come again; one that is damaged is written again. */
async function refuseExisting(store: ContentStore, digest: string): Promise<void> {
  if (!(await store.layout.has(digest))) return;
  store.lastWritten = digest;
  throw new GrpcStatusError(GRPC_STATUS.alreadyExists, `there is a blob ${digest} already`);
}

async function add(draft: BlobDraft, { offset, data }: WriteContentRequest): Promise<void> {
  const at = Number(offset);
  if (at === 0 && draft.offset > 0) await draft.restart();
  if (at !== draft.offset && at !== 0)
    throw new GrpcStatusError(GRPC_STATUS.outOfRange, `a write at ${at} came when ${draft.offset} bytes were there`);
  if (data.length > 0) await draft.write(data);
}
