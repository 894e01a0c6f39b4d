import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import type { Log, LogSeverity } from "../core/operation-context.ts";

/** Sends messages to the engine, which shows them beside the resource: a plugin's own output is hidden. */
export class EngineLog {
  #client: InstanceType<typeof engineGrpc.EngineClient> | undefined;

  /** @param address `host:port` of the engine; without one, messages go nowhere */
  connect(address: string): void {
    if (address === "") return;
    this.#client?.close();
    this.#client = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  }

  /** Messages for one resource. */
  forResource(urn: string): Log {
    return (severity, message, { ephemeral = false } = {}) => {
      const request = new engineProto.LogRequest();
      request.setSeverity(severityOf(severity));
      request.setMessage(message);
      request.setUrn(urn);
      request.setEphemeral(ephemeral);
      // An engine that is going away takes no messages; nobody is left to tell.
      this.#client?.log(request, () => undefined);
    };
  }

  close(): void {
    this.#client?.close();
  }
}

function severityOf(severity: LogSeverity) {
  const { LogSeverity } = engineProto;
  if (severity === "debug") return LogSeverity.DEBUG;
  return severity === "warning" ? LogSeverity.WARNING : LogSeverity.INFO;
}
