import grpc from "@grpc/grpc-js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { statusWithDetail, type StatusError } from "../values/status-detail.ts";

const { status } = grpc;

/**
 * gRPC codes by meaning. INTERNAL, UNKNOWN and DATA_LOSS tell the engine that nobody knows what happened to the
 * resource; every other one that it is as it was.
 */
const CODES: Readonly<Record<string, grpc.status>> = {
  unauthorized: status.UNAUTHENTICATED,
  unauthenticated: status.UNAUTHENTICATED,
  missing_api_key: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  permission_denied: status.PERMISSION_DENIED,
  quota_exceeded: status.RESOURCE_EXHAUSTED,
  capacity_exceeded: status.RESOURCE_EXHAUSTED,
  rate_limit_exceeded: status.RESOURCE_EXHAUSTED,
  conflict: status.FAILED_PRECONDITION,
  name_taken: status.ALREADY_EXISTS,
  tag_taken: status.ALREADY_EXISTS,
  not_owned: status.FAILED_PRECONDITION,
  context_changed: status.FAILED_PRECONDITION,
  context_hash_pinned: status.FAILED_PRECONDITION,
  other_service: status.FAILED_PRECONDITION,
  build_gone: status.NOT_FOUND,
  build_not_ready: status.FAILED_PRECONDITION,
  unknown_resource_type: status.NOT_FOUND,
  unknown_function: status.NOT_FOUND,
  not_implemented: status.UNIMPLEMENTED,
  timeout: status.DEADLINE_EXCEEDED,
  operation_timeout: status.DEADLINE_EXCEEDED,
  operation_cancelled: status.CANCELLED,
  transport_error: status.UNAVAILABLE,
  internal_error: status.INTERNAL,
  database_error: status.INTERNAL,
  unknown: status.UNKNOWN,
  invalid_response: status.UNKNOWN,
};

/** The status for an error with one of our codes; a programming error is INTERNAL. */
export function statusOf(error: unknown): grpc.status {
  const { code, outcome } = error as { code?: unknown; outcome?: unknown };
  if (!(error instanceof Error) || typeof code !== "string") return status.INTERNAL;
  // The service may have acted on a request whose answer was lost.
  if (code === "transport_error" && outcome === "unknown") return status.UNKNOWN;
  if (Object.hasOwn(CODES, code)) return CODES[code]!;
  return code.endsWith("_not_found") ? status.NOT_FOUND : status.INVALID_ARGUMENT;
}

/** A configuration value that is nowhere: the engine prints the command that sets it. */
export function missingKey(name: string, description: string): StatusError {
  const key = new providerProto.ConfigureErrorMissingKeys.MissingKey();
  key.setName(name);
  key.setDescription(description);
  const detail = new providerProto.ConfigureErrorMissingKeys();
  detail.addMissingkeys(key);
  return statusWithDetail(
    status.INVALID_ARGUMENT,
    `missing required configuration key "${name}": ${description}`,
    "pulumirpc.ConfigureErrorMissingKeys",
    detail.serializeBinary(),
  );
}
