import { SESSION_PROTOS } from "./session-proto.ts";
import { loadService, type SessionService } from "./session-service.ts";

const SERVING = 1;

/** BuildKit asks every few seconds whether its client is still there, and drops the session when it gets no answer. */
export function healthService(): SessionService {
  return {
    definition: loadService(SESSION_PROTOS.health, "grpc.health.v1.Health"),
    handlers: {
      Check(_call: unknown, callback) {
        callback(null, { status: SERVING });
      },
    },
  };
}
