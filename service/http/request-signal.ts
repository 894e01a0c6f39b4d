import type { FastifyReply } from "fastify";

/** Aborts when the caller hangs up before its answer is complete, or when the service stops. */
export function requestSignal(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort(new Error("the caller hung up"));
  });
  return AbortSignal.any([gone.signal, stopping]);
}
