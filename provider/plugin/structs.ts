import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import type { Properties } from "../core/properties.ts";
import { decodeProperties, encodeProperties, type DecodedProperties, type SecretPaths } from "../values/wire-values.ts";

/** Properties of a request, without their wire form. */
export function decodeStruct(struct: Struct | undefined): DecodedProperties {
  return decodeProperties(struct?.toJavaScript() as Properties | undefined);
}

/** Properties of an answer, in their wire form. */
export function encodeStruct(values: Properties, secrets: SecretPaths): Struct {
  return structProto.Struct.fromJavaScript(encodeProperties(values, secrets) as never);
}
