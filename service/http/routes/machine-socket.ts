import websocket, { type WebSocket } from "@fastify/websocket";
import * as z from "zod";
import { InvalidRequestError, NotOfferedError } from "../../errors.ts";
import type { StreamAccess } from "../../fleet/machines/stream-command.ts";
import { errorResponses } from "../error-responses.ts";
import { ExecChannel } from "../exec-channel.ts";
import type { ServiceApp } from "../service-app.ts";

/** Largest message of a client: a piece of a command's input. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** What the product's API has as other channels. */
const OTHER_CHANNELS: Record<string, string> = { pty: "terminals" };

/** What the WebSocket of machines needs. */
export interface MachineSocketOptions {
  access: StreamAccess;
  stopping: AbortSignal;
  /** Where machines are served. */
  paths: readonly string[];
}

/** `GET …/{id}/ws?channel=exec`: commands whose output comes as they write it. */
export function registerMachineSocket(app: ServiceApp, { access, stopping, paths }: MachineSocketOptions): void {
  void app.register(async (scope: ServiceApp) => {
    await scope.register(websocket, { options: { maxPayload: MAX_MESSAGE_BYTES } });
    for (const path of paths) {
      scope.route({
        method: "GET",
        url: `${path}/:id/ws`,
        schema: {
          operationId: "openMachineSocket",
          summary: "Commands whose output comes as they write it, over a WebSocket (channel exec)",
          tags: ["machines"],
          params: z.object({ id: z.string().min(1) }),
          querystring: z.object({ channel: z.string().optional() }),
          response: errorResponses(404, 501),
        },
        preHandler: async ({ params, query }) => {
          const { id } = params as { id: string };
          const { channel } = query as { channel?: string };
          access.service.get(id);
          if (channel !== "exec") {
            throw new NotOfferedError(
              channel === undefined ? "watches of folders" : (OTHER_CHANNELS[channel] ?? `channel "${channel}"`),
              "Run a command instead: channel=exec.",
            );
          }
        },
        handler: async () => {
          throw new InvalidRequestError("This call is a WebSocket: send it with the headers of an upgrade.");
        },
        wsHandler: (socket: WebSocket, { params, log }) => {
          new ExecChannel(socket, access, (params as { id: string }).id, stopping, log);
        },
      });
    }
  });
}
