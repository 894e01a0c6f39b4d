import { setImmediate as nextTurn } from "node:timers/promises";
import grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { EngineLog } from "./engine-log.ts";
import { createResourceService } from "./resource-service.ts";

/** As the engine itself: properties of a large stack fit. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;
/** Calls in progress get so long to leave a state that can be gone on from; the engine kills after 5 s. */
const SHUTDOWN_MS = 3_000;
/** Turns of the event loop until a connection that the engine has dropped is off the server's list: two or three. */
const DROPPED_TURNS = 10;

export interface ServeOptions {
  /** `host:port` of the engine, the plugin's argument; `""` when it is attached to later. */
  engineAddress: string;
  /** Folder of the Pulumi program. */
  cwd: string;
}

/** A running plugin. */
export interface Plugin {
  port: number;
  /** Stops calls in progress and the server. */
  close(): Promise<void>;
}

/** Starts the plugin's server on a free port of the loopback interface. */
export async function serve({ engineAddress, cwd }: ServeOptions): Promise<Plugin> {
  const stop = new AbortController();
  const log = new EngineLog();
  log.connect(engineAddress);
  const service = createResourceService({ stop, log, cwd });
  const server = new grpc.Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  });
  server.addService(
    providerGrpc.ResourceProviderService,
    // The generated interface has an index signature that the generated service definition does not ask for.
    service.handlers as unknown as grpc.UntypedServiceImplementation,
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const close = async () => {
    stop.abort();
    // The engine drops its connection and signals in the same moment. A session that has been destroyed and is still on the
    // list would be waited for until the limit: `tryShutdown` looks whether it is closed, and its end has gone by already.
    for (let turn = 0; turn < DROPPED_TURNS; turn++) await nextTurn();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        server.forceShutdown();
        resolve();
      }, SHUTDOWN_MS);
      server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    await service.close();
    log.close();
  };
  return { port, close };
}
