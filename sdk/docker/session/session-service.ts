import type { ServedMethod } from "../grpc/grpc-server.ts";

/** What a session offers to the engine of one gRPC service. */
export type SessionService = readonly ServedMethod[];
