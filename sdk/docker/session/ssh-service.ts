import net from "node:net";
import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import { DockerOptionError } from "../errors.ts";
import { SESSION_PROTOS } from "./session-proto.ts";
import { loadService, type SessionService } from "./session-service.ts";

interface Bytes {
  data: Buffer;
}

/** Header in which BuildKit names the agent (buildkit, session/sshforward/ssh.go, KeySSHID). */
const SSH_ID = "buildkit.ssh.id";
const DEFAULT_ID = "default";

/**
 * Lets `RUN --mount=type=ssh` talk to SSH agents of this machine. Keys stay in the agent.
 *
 * @throws DockerOptionError when an agent has no socket
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
    sockets.set(id, socket);
  }
  return {
    definition: loadService(SESSION_PROTOS.ssh, "moby.sshforward.v1.SSH"),
    handlers: {
      CheckAgent(call: { request: { ID: string } }, callback) {
        const id = call.request.ID || DEFAULT_ID;
        if (sockets.has(id)) callback(null, {});
        else callback({ code: status.NOT_FOUND, details: `no SSH agent with the id ${id} was given` });
      },
      ForwardAgent(call: ServerDuplexStream<Bytes, Bytes>) {
        const id = call.metadata.get(SSH_ID)[0]?.toString() || DEFAULT_ID;
        const socket = sockets.get(id);
        if (socket === undefined) {
          call.emit("error", { code: status.NOT_FOUND, details: `no SSH agent with the id ${id} was given` });
        } else forward(call, socket);
      },
    },
  };
}

function forward(call: ServerDuplexStream<Bytes, Bytes>, path: string): void {
  const agent = net.connect(path);
  agent.on("data", (data: Buffer) => {
    if (!call.write({ data })) {
      agent.pause();
      call.once("drain", () => agent.resume());
    }
  });
  agent.on("end", () => call.end());
  agent.on("error", (error) => {
    call.emit("error", { code: status.UNAVAILABLE, details: `the SSH agent at ${path} fails: ${error.message}` });
  });
  call.on("data", ({ data }: Bytes) => {
    if (!agent.write(data)) {
      call.pause();
      agent.once("drain", () => call.resume());
    }
  });
  call.on("end", () => agent.end());
  call.on("cancelled", () => agent.destroy());
  call.on("error", () => agent.destroy());
}
