import { once } from "node:events";
import net from "node:net";
import { DockerOptionError } from "../errors.ts";
import { grpcMethod } from "../grpc/grpc-method.ts";
import { streaming, unary } from "../grpc/grpc-server.ts";
import type { GrpcServerCall } from "../grpc/grpc-server-call.ts";
import { GRPC_STATUS, GrpcStatusError } from "../grpc/grpc-status.ts";
import type { BytesMessage } from "../protos/generated/bytes-message.ts";
import { SSHDefinition } from "../protos/generated/ssh.ts";
import { tooLongForSocket } from "../socket-path.ts";
import type { SessionService } from "./session-service.ts";

/** Header in which BuildKit names the agent (buildkit, session/sshforward/ssh.go, KeySSHID). */
const SSH_ID = "buildkit.ssh.id";
const DEFAULT_ID = "default";

/**
 * Lets `RUN --mount=type=ssh` talk to SSH agents of this machine. Keys stay in the agent.
 *
 * @throws DockerOptionError when an agent has no socket, or one whose path the system cannot open
 */
export function sshService(
  agents: readonly { id: string; socket?: string | undefined }[],
  env: Record<string, string | undefined> = process.env,
): SessionService {
  const sockets = new Map<string, string>();
  for (const { id, socket = env.SSH_AUTH_SOCK } of agents) {
    if (!socket) {
      throw new DockerOptionError(
        "ssh",
        `SSH agent ${id}: no socket is given and SSH_AUTH_SOCK is not set. Start an agent (ssh-agent), or name its socket.`,
      );
    }
    const problem = tooLongForSocket(socket);
    if (problem !== undefined) throw new DockerOptionError("ssh", `SSH agent ${id}: ${problem}.`);
    sockets.set(id, socket);
  }
  const socketOf = (id: string): string => {
    const socket = sockets.get(id || DEFAULT_ID);
    if (socket !== undefined) return socket;
    throw new GrpcStatusError(GRPC_STATUS.notFound, `no SSH agent with the id ${id || DEFAULT_ID} was given`);
  };
  return [
    unary(grpcMethod(SSHDefinition, "checkAgent"), ({ ID }) => {
      socketOf(ID);
      return {};
    }),
    streaming(grpcMethod(SSHDefinition, "forwardAgent"), (call) => forward(call, socketOf(call.header(SSH_ID) ?? ""))),
  ];
}

async function forward(call: GrpcServerCall<BytesMessage, BytesMessage>, path: string): Promise<void> {
  const agent = net.connect(path);
  const asking = async () => {
    for await (const { data } of call.messages()) {
      if (!agent.write(data)) await once(agent, "drain", { signal: call.signal });
    }
    agent.end();
  };
  // What breaks on that side is told by the reading below.
  asking().catch((error: Error) => agent.destroy(error));
  try {
    for await (const data of agent as AsyncIterable<Buffer>) await call.write({ data });
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    const reason = error instanceof Error ? error.message : String(error);
    throw new GrpcStatusError(GRPC_STATUS.unavailable, `the SSH agent at ${path} fails: ${reason}`);
  } finally {
    agent.destroy();
  }
}
