import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import protobuf from "protobufjs";

/** What of OTLP (opentelemetry-proto 1.x, `trace/v1`) the tests look at. */
const OTLP = protobuf
  .parse(
    `syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; Status status = 15;
}
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`,
  )
  .root.lookupType("Request");

interface WireAttribute {
  key: string;
  value: Record<string, string | number | boolean>;
}

interface WireRequest {
  resourceSpans?: {
    resource?: { attributes?: WireAttribute[] };
    scopeSpans?: {
      spans?: {
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        name: string;
        attributes?: WireAttribute[];
        status?: { message?: string; code?: number };
      }[];
    }[];
  }[];
}

/** A span as it was received. */
export interface ReceivedSpan {
  service: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  attributes: Record<string, string | number | boolean>;
  /** OTLP's: 2 is an error. */
  statusCode: number;
  statusMessage: string;
}

/** An OTLP/HTTP receiver, which decodes what an exporter sends. */
export class TraceCollector {
  readonly spans: ReceivedSpan[] = [];
  /** Every byte that came: lines, headers and bodies of requests. */
  readonly raw: Buffer[] = [];
  /** Requests that came, whether they are answered or not. */
  requests = 0;
  readonly #server: Server;

  private constructor(hangs: boolean) {
    this.#server = createServer((request, response) => {
      this.requests++;
      // One that hangs takes the request, and says nothing.
      if (hangs) return void request.resume();
      void this.#receive(request).then(() =>
        response.writeHead(200, { "content-type": "application/x-protobuf" }).end(),
      );
    });
  }

  /** @param options.hangs never answers */
  static async start({ hangs = false } = {}): Promise<TraceCollector> {
    const collector = new TraceCollector(hangs);
    await new Promise<void>((resolve) => collector.#server.listen(0, "127.0.0.1", resolve));
    return collector;
  }

  get env(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  }

  /** Names of the spans from the one without a parent here down to this one. */
  path(span: ReceivedSpan): string[] {
    const parent = this.spans.find(({ spanId }) => spanId === span.parentSpanId);
    return [...(parent === undefined ? [] : this.path(parent)), span.name];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage): Promise<void> {
    const body = await buffer(request);
    this.raw.push(Buffer.from(`${request.url} ${JSON.stringify(request.headers)}`), body);
    const decoded = OTLP.toObject(OTLP.decode(body), { bytes: String, longs: Number }) as WireRequest;
    const hex = (base64 = "") => Buffer.from(base64, "base64").toString("hex");
    for (const { resource, scopeSpans = [] } of decoded.resourceSpans ?? []) {
      const service = String(read(resource?.attributes)["service.name"]);
      for (const span of scopeSpans.flatMap(({ spans = [] }) => spans)) {
        this.spans.push({
          service,
          traceId: hex(span.traceId),
          spanId: hex(span.spanId),
          parentSpanId: hex(span.parentSpanId),
          name: span.name,
          attributes: read(span.attributes),
          statusCode: span.status?.code ?? 0,
          statusMessage: span.status?.message ?? "",
        });
      }
    }
  }
}

function read(attributes: WireAttribute[] = []): ReceivedSpan["attributes"] {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] ?? ""]));
}
