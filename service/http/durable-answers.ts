import { Readable } from "node:stream";
import type { ServiceApp } from "./service-app.ts";
import { toEnvelope, toServiceError } from "./errors.ts";

/**
 * Has every answer wait until what it tells would survive a loss of power; also one that only reads, because it may tell
 * what another request has just written; but for a route that tells nothing of the store (`waitsForDisk: false`). A stream waits itself, before each part that it sends.
 *
 * @param durable waits for the disk. When it fails, nothing that the answer says is sure: it becomes an error
 */
export function answerWhatIsDurable(app: ServiceApp, durable: () => Promise<void>): void {
  app.addHook("onSend", async (request, reply, payload) => {
    if (request.routeOptions.config?.waitsForDisk === false) return payload;
    try {
      await durable();
      return payload;
    } catch (cause) {
      if (payload instanceof Readable) payload.destroy();
      request.log.error({ err: cause }, "the disk lost what was written");
      const error = toServiceError(cause);
      void reply.status(error.status).type("application/json").removeHeader("content-length");
      return JSON.stringify(toEnvelope(error, request.id));
    }
  });
}
