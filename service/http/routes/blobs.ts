import { PreflightRequest, PreflightResponse } from "pulumi-nullspace/wire";
import type { Readable } from "node:stream";
import { z } from "zod";
import { MAX_BLOB_BYTES, MAX_CONTEXT_BODY_BYTES } from "../../blobs/blob-limits.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import { ERROR_RESPONSES } from "../error-responses.ts";
import type { ServiceApp } from "../service-app.ts";

/** `POST /v1/templates/blobs/preflight`, `PUT /v1/templates/blobs/{blob_id}`. */
export function registerBlobRoutes(app: ServiceApp, { blobs }: { blobs: BlobStore }): void {
  app.post(
    "/v1/templates/blobs/preflight",
    {
      bodyLimit: MAX_CONTEXT_BODY_BYTES,
      schema: { tags: ["blobs"], body: PreflightRequest, response: { 200: PreflightResponse, ...ERROR_RESPONSES } },
    },
    async (request) => ({ files: blobs.preflight(request.body.files) }),
  );

  // In a scope of its own: here any body is bytes that are streamed on, whatever their type says.
  void app.register(async (scope: ServiceApp) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { bodyLimit: MAX_BLOB_BYTES }, (_request, payload, done) => done(null, payload));
    scope.put(
      "/v1/templates/blobs/:blob_id",
      {
        bodyLimit: MAX_BLOB_BYTES,
        schema: {
          tags: ["blobs"],
          consumes: ["application/octet-stream"],
          params: z.object({ blob_id: z.string().min(1) }),
          response: { 204: z.null().describe("Stored"), ...ERROR_RESPONSES },
        },
      },
      async (request, reply) => {
        const length = request.headers["content-length"];
        // Without a content type there is no parser to hand the body over, not even for an empty one.
        const body = (request.body as Readable | undefined) ?? request.raw;
        try {
          await blobs.put(request.params.blob_id, body, length === undefined ? undefined : Number(length));
        } catch (error) {
          // The rest of the body is not read: another request on this connection would begin in the middle of it.
          if (!request.raw.complete) void reply.header("connection", "close");
          throw error;
        }
        return reply.status(204).send(null);
      },
    );
  });
}
