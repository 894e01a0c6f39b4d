import grpc from "@grpc/grpc-js";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import type { Properties } from "../core/properties.ts";

const { status } = grpc;

/** What a handler answers instead of a result. */
export interface StatusError {
  code: grpc.status;
  details: string;
  metadata?: grpc.Metadata;
}

/** An error whose status carries a message for the engine in its details. */
export function statusWithDetail(
  code: grpc.status,
  message: string,
  typeName: string,
  detail: Uint8Array,
): StatusError {
  const any = new anyProto.Any();
  any.pack(detail, typeName);
  const rpcStatus = new statusProto.Status();
  rpcStatus.setCode(code);
  rpcStatus.setMessage(message);
  rpcStatus.addDetails(any);
  const metadata = new grpc.Metadata();
  // The key by which every gRPC library finds the details of a status.
  metadata.add("grpc-status-details-bin", Buffer.from(rpcStatus.serializeBinary()));
  return { code, details: message, metadata };
}

/** The resource exists and is kept, but is not ready. */
export function initFailed(failure: {
  id: string;
  properties: Properties;
  inputs: Properties;
  reasons: readonly string[];
}): StatusError {
  const detail = new providerProto.ErrorResourceInitFailed();
  detail.setId(failure.id);
  detail.setProperties(structProto.Struct.fromJavaScript(failure.properties as never));
  detail.setInputs(structProto.Struct.fromJavaScript(failure.inputs as never));
  detail.setReasonsList([...failure.reasons]);
  return statusWithDetail(
    status.UNKNOWN,
    failure.reasons.join("\n"),
    "pulumirpc.ErrorResourceInitFailed",
    detail.serializeBinary(),
  );
}
