import protobuf from "protobufjs";

/** How one kind of message is written and read. */
export interface MessageCodec<Message> {
  encode(message: Message): Uint8Array;
  decode(bytes: Uint8Array): Message;
}

/** One method of a gRPC service. */
export interface GrpcMethod<Request, Response> {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly request: MessageCodec<Request>;
  readonly response: MessageCodec<Response>;
}

/** Messages that their user encodes and decodes. */
export const RAW: MessageCodec<Uint8Array> = { encode: (message) => message, decode: (bytes) => bytes };

/** Compiled texts: each build has a session, whose services are those of the one before. */
const services = new Map<string, ReadonlyMap<string, GrpcMethod<object, object>>>();

/**
 * Reads a method out of the .proto text of its service. Names of members stay as they are written there, and absent ones
 * have their defaults, `null` for a message.
 *
 * @throws TypeError when the text has no such service or method
 */
export function loadMethod<Request, Response>(
  proto: string,
  service: string,
  name: string,
): GrpcMethod<Request, Response> {
  const key = `${service}\n${proto}`;
  let methods = services.get(key);
  if (methods === undefined) services.set(key, (methods = compile(proto, service)));
  const method = methods.get(name);
  if (method === undefined) throw new TypeError(`The .proto text declares no ${service}/${name}.`);
  // The messages are those of the text, which TypeScript does not see.
  return method as unknown as GrpcMethod<Request, Response>;
}

function compile(proto: string, name: string): ReadonlyMap<string, GrpcMethod<object, object>> {
  const { root } = protobuf.parse(proto, { keepCase: true });
  const service = root.lookupService(name);
  const methods = new Map<string, GrpcMethod<object, object>>();
  for (const method of service.methodsArray) {
    const type = (message: string) => codecOf(service.lookupType(message));
    const [request, response] = [type(method.requestType), type(method.responseType)];
    methods.set(method.name, { path: `/${name}/${method.name}`, request, response });
  }
  return methods;
}

function codecOf(type: protobuf.Type): MessageCodec<object> {
  return {
    encode: (message) => type.encode(type.fromObject(message)).finish(),
    decode: (bytes) => type.toObject(type.decode(bytes), { defaults: true }),
  };
}
