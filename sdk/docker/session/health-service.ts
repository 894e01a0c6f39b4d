import { grpcMethod } from "../grpc/grpc-method.ts";
import { unary } from "../grpc/grpc-server.ts";
import { HealthCheckResponse_ServingStatus, HealthDefinition } from "../protos/generated/health.ts";
import type { SessionService } from "./session-service.ts";

/** BuildKit asks every few seconds whether its client is still there, and drops the session when it gets no answer. */
export function healthService(): SessionService {
  return [unary(grpcMethod(HealthDefinition, "check"), () => ({ status: HealthCheckResponse_ServingStatus.SERVING }))];
}
