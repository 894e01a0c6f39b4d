import type { handleBidiStreamingCall, handleUnaryCall, ServiceDefinition } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import protobuf from "protobufjs";

/** A handler for a method that takes one message and gives one. */
export type UnaryHandler<Request, Response> = handleUnaryCall<Request, Response>;
/** A handler for a method that takes a stream and gives one. */
export type StreamHandler<Request, Response> = handleBidiStreamingCall<Request, Response>;

/** One gRPC service that a session offers to the engine. */
export interface SessionService {
  definition: ServiceDefinition;
  // Each handler's message types are those of its .proto text, which TypeScript does not see.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  handlers: Record<string, UnaryHandler<any, any> | StreamHandler<any, any>>;
}

/** Makes a service's definition out of its .proto text. */
export function loadService(proto: string, name: string): ServiceDefinition {
  const { root } = protobuf.parse(proto, { keepCase: true });
  const definition = fromJSON(root.toJSON(), { keepCase: true, defaults: true })[name];
  if (definition === undefined) throw new TypeError(`The .proto text declares no service ${name}.`);
  return definition as ServiceDefinition;
}
