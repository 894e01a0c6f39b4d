import protobuf from "protobufjs";

/**
 * What BuildKit reports of a build (buildkit, api/services/control/control.proto, message StatusResponse), as far as it
 * is used here. Protobuf skips members that are not declared.
 */
const TRACE_PROTO = `
  syntax = "proto3";
  package nullspace.buildkit.trace;
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message StatusResponse {
    repeated Vertex vertexes = 1;
    repeated VertexStatus statuses = 2;
    repeated VertexLog logs = 3;
    repeated VertexWarning warnings = 4;
  }
  message Vertex {
    string digest = 1;
    repeated string inputs = 2;
    string name = 3;
    bool cached = 4;
    Timestamp started = 5;
    Timestamp completed = 6;
    string error = 7;
  }
  message VertexStatus {
    string ID = 1;
    string vertex = 2;
    string name = 3;
    int64 current = 4;
    int64 total = 5;
    Timestamp timestamp = 6;
    Timestamp started = 7;
    Timestamp completed = 8;
  }
  message VertexLog {
    string vertex = 1;
    Timestamp timestamp = 2;
    int64 stream = 3;
    bytes msg = 4;
  }
  message VertexWarning {
    string vertex = 1;
    int64 level = 2;
    bytes short = 3;
    repeated bytes detail = 4;
    string url = 5;
    SourceInfo info = 6;
    repeated Range ranges = 7;
  }
  message SourceInfo { string filename = 1; }
  message Range { Position start = 1; Position end = 2; }
  message Position { int32 line = 1; int32 character = 2; }
`;

interface Timestamp {
  seconds: number;
  nanos: number;
}

/** A StatusResponse with its members in plain JavaScript; absent messages are `null`. */
export interface BuildTrace {
  vertexes: {
    digest: string;
    inputs: string[];
    name: string;
    cached: boolean;
    started: Timestamp | null;
    completed: Timestamp | null;
    error: string;
  }[];
  statuses: {
    ID: string;
    vertex: string;
    name: string;
    current: number;
    total: number;
    completed: Timestamp | null;
  }[];
  logs: { vertex: string; stream: number; msg: Uint8Array }[];
  warnings: {
    vertex: string;
    short: Uint8Array;
    detail: Uint8Array[];
    url: string;
    ranges: { start: { line: number } | null }[];
  }[];
}

const StatusResponse = protobuf
  .parse(TRACE_PROTO, { keepCase: true })
  .root.lookupType("nullspace.buildkit.trace.StatusResponse");

/** Decodes one StatusResponse. @throws RangeError or Error when the bytes are not one */
export function decodeTrace(bytes: Uint8Array): BuildTrace {
  return StatusResponse.toObject(StatusResponse.decode(bytes), {
    longs: Number,
    defaults: true,
    arrays: true,
  }) as BuildTrace;
}

/** A protobuf timestamp as a date. */
export function traceDate({ seconds, nanos }: Timestamp): Date {
  return new Date(seconds * 1000 + Math.floor(nanos / 1e6));
}
