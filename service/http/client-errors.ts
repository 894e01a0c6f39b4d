import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { ServiceError } from "../errors.ts";
import { newId } from "../ids.ts";
import { toEnvelope } from "./errors.ts";

/** What Node could not make a request of, by its code; anything else is no HTTP. */
const KNOWN: Record<string, { status: number; code: string; message: string; suggestedAction?: string }> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: "timeout",
    message: "The request was not complete in time.",
    suggestedAction: "Send the whole request at once; a large context goes up file by file.",
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: "invalid_request",
    message: "The request's first line and headers are larger than the service accepts.",
    suggestedAction: "Send fewer or shorter headers, and a shorter path.",
  },
};

/**
 * Answers what never became a request, in the error form of the contract, and closes the connection: nobody knows where
 * a next request would begin.
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // Nobody is there to read an answer, or one is on its way already (where Node's own handler looks, too).
  const isAnswering = (socket as Socket & { _httpMessage?: { headersSent: boolean } })._httpMessage?.headersSent;
  if (error.code === "ECONNRESET" || !socket.writable || isAnswering) {
    socket.destroy(error);
    return;
  }
  const { status, ...rest } = KNOWN[error.code ?? ""] ?? {
    status: 400,
    code: "invalid_request",
    message: "What was sent is not an HTTP/1.1 request.",
  };
  const requestId = newId("req_");
  const { message, ...extra } = rest;
  const body = JSON.stringify(toEnvelope(new ServiceError(message, { status, retryable: false, ...extra }), requestId));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    "connection: close",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  // Not only our half: a caller that goes on sending is not listened to.
  socket.destroySoon();
}
