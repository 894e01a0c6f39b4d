import { BinaryWriter } from "@bufbuild/protobuf/wire";

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

/** A message as the generator writes it (`npm run generate`). */
export interface GeneratedMessage<Message> {
  encode(message: Message, writer: BinaryWriter): BinaryWriter;
  decode(bytes: Uint8Array): Message;
}

/** A service as the generator writes it. */
export interface GeneratedService {
  readonly fullName: string;
  readonly methods: Readonly<Record<string, GeneratedMethod>>;
}

interface GeneratedMethod {
  readonly name: string;
  readonly requestType: GeneratedMessage<unknown>;
  readonly responseType: GeneratedMessage<unknown>;
}

/** The message that a codec of the generator is for. */
type MessageOf<Codec> = Codec extends { decode(bytes: Uint8Array): infer Message } ? Message : never;

/** What is sent in a call of a service's method. */
export type RequestOf<Service extends GeneratedService, Name extends keyof Service["methods"]> = MessageOf<
  Service["methods"][Name]["requestType"]
>;

/** What comes back. */
export type ResponseOf<Service extends GeneratedService, Name extends keyof Service["methods"]> = MessageOf<
  Service["methods"][Name]["responseType"]
>;

/** A method of a generated service, to be called or answered. @param name as the generator spells it, in camel case */
export function grpcMethod<Service extends GeneratedService, Name extends keyof Service["methods"] & string>(
  service: Service,
  name: Name,
): GrpcMethod<RequestOf<Service, Name>, ResponseOf<Service, Name>> {
  const method = service.methods[name]!;
  return {
    path: `/${service.fullName}/${method.name}`,
    request: codecOf(method.requestType as GeneratedMessage<RequestOf<Service, Name>>),
    response: codecOf(method.responseType as GeneratedMessage<ResponseOf<Service, Name>>),
  };
}

/** The codec of a generated message. */
export function codecOf<Message>(message: GeneratedMessage<Message>): MessageCodec<Message> {
  return { encode: (value) => encode(message, value), decode: (bytes) => message.decode(bytes) };
}

/** It keeps its buffer, as large as the largest message: a context is thousands of small ones, sent one after the other. */
const writer = new BinaryWriter();

function encode<Message>(message: GeneratedMessage<Message>, value: Message): Uint8Array {
  try {
    message.encode(value, writer);
  } catch (error) {
    // Half a message must not stand before the next one.
    writer.finish();
    throw error;
  }
  return writer.finish();
}
