/** How a gRPC call ended, when it did not end well (grpc, doc/statuscodes.md). */
export class GrpcStatusError extends Error {
  readonly code: number;
  /** The server's own words. */
  readonly details: string;

  constructor(code: number, details: string, cause?: unknown) {
    super(`gRPC status ${code}: ${details}`, { cause });
    this.name = "GrpcStatusError";
    this.code = code;
    this.details = details;
  }
}

/** The status codes that are told apart here. */
export const GRPC_STATUS = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
} as const;

/** Reads the status out of trailers, or out of headers where a call has no messages. `undefined` when there is none. */
export function readGrpcStatus(
  headers: Record<string, string | string[] | undefined>,
): GrpcStatusError | "ok" | undefined {
  const status = headers["grpc-status"];
  if (status === undefined) return undefined;
  const code = Number(status);
  return code === GRPC_STATUS.ok
    ? "ok"
    : new GrpcStatusError(code, percentDecoded(String(headers["grpc-message"] ?? "")));
}

/** The trailers that tell how a call ended. */
export function writeGrpcStatus(status: GrpcStatusError | "ok"): Record<string, string> {
  if (status === "ok") return { "grpc-status": String(GRPC_STATUS.ok) };
  return { "grpc-status": String(status.code), "grpc-message": percentEncoded(status.details) };
}

/** All but printable ASCII, and the percent sign itself (grpc, doc/PROTOCOL-HTTP2.md, "Percent-Byte-Unencoded"). */
function percentEncoded(text: string): string {
  return text.replace(/[^ -$&-~]+/g, (odd) =>
    [...Buffer.from(odd)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

/** Messages travel percent-encoded (grpc, doc/PROTOCOL-HTTP2.md, "Percent-Encoded"); what is not stays as it is. */
function percentDecoded(text: string): string {
  const bytes = text.replace(/%([0-9A-Fa-f]{2})/g, (_match, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
