import { BlobBatch, PreflightRequest, PreflightResponse } from "pulumi-nullspace/wire";
import type { Readable } from "node:stream";
import * as z from "zod";
import { BATCH_LIMITS, MAX_BATCH_BODY_BYTES, MAX_BLOB_BYTES, MAX_CONTEXT_BODY_BYTES } from "../../blobs/blob-limits.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import { bodyErrorResponses, errorResponses } from "../error-responses.ts";
import { linksTo } from "../openapi-links.ts";
import type { ServiceApp } from "../service-app.ts";

/** Streamed, so not checked here: length and SHA-256 must be those of the preflight. Absent for an empty file. */
const Octets = z
  .unknown()
  .optional()
  .meta({ type: "string", format: "binary", description: "The file's bytes, as many as the preflight named" });

/** `POST /v1/templates/blobs/preflight`, `PUT /v1/templates/blobs/{blob_id}`, `POST /v1/templates/blobs/batch`. */
export function registerBlobRoutes(app: ServiceApp, { blobs }: { blobs: BlobStore }): void {
  app.post(
    "/v1/templates/blobs/preflight",
    {
      bodyLimit: MAX_CONTEXT_BODY_BYTES,
      links: { 200: linksTo({ blob_id: "$response.body#/files/0/blob_id" }, "uploadBlob") },
      schema: {
        operationId: "preflightBlobs",
        summary: "Which files of a build context the service lacks",
        tags: ["blobs"],
        body: PreflightRequest,
        response: { 200: PreflightResponse, ...bodyErrorResponses() },
      },
    },
    async (request) => ({ files: await blobs.preflight(request.body.files), batch: BATCH_LIMITS }),
  );

  app.post(
    "/v1/templates/blobs/batch",
    {
      bodyLimit: MAX_BATCH_BODY_BYTES,
      schema: {
        operationId: "uploadBlobs",
        summary: "Upload the bytes of several small files that the preflight said are missing: all are stored, or none",
        tags: ["blobs"],
        body: BlobBatch,
        response: { 204: z.null().describe("Stored"), ...bodyErrorResponses() },
      },
    },
    async (request, reply) => {
      await blobs.putBatch(
        request.body.blobs.map(({ blob_id, content_base64 }) => ({
          blobId: blob_id,
          bytes: Buffer.from(content_base64, "base64"),
        })),
      );
      return reply.status(204).send(null);
    },
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
          operationId: "uploadBlob",
          summary: "Upload the bytes of a file that the preflight said are missing",
          tags: ["blobs"],
          consumes: ["application/octet-stream"],
          params: z.object({ blob_id: z.string().min(1).describe("As the preflight gave it out for a SHA-256") }),
          body: Octets,
          response: { 204: z.null().describe("Stored"), ...errorResponses(413) },
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
