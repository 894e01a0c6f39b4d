import { loadMethod } from "../grpc/grpc-method.ts";
import { unary } from "../grpc/grpc-server.ts";
import { SESSION_PROTOS } from "./session-proto.ts";
import type { SessionService } from "./session-service.ts";

const SERVING = 1;

/** BuildKit asks every few seconds whether its client is still there, and drops the session when it gets no answer. */
export function healthService(): SessionService {
  const check = loadMethod<object, { status: number }>(SESSION_PROTOS.health, "grpc.health.v1.Health", "Check");
  return [unary(check, () => ({ status: SERVING }))];
}
