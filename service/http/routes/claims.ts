import { ClaimNameRequest, NameClaim } from "pulumi-nullspace/wire";
import * as z from "zod";
import type { ServiceDeps } from "../../service-deps.ts";
import { releaseName, reserveName } from "../../templates/claims.ts";
import { bodyErrorResponses } from "../error-responses.ts";
import { linksTo } from "../openapi-links.ts";
import type { ServiceApp } from "../service-app.ts";

/** `POST /v1/templates/claims`, `DELETE /v1/templates/claims/{claim_token}`. */
export function registerClaimRoutes(app: ServiceApp, { db }: ServiceDeps): void {
  const tags = ["claims"];
  app.post(
    "/v1/templates/claims",
    {
      links: { 201: linksTo({ claim_token: "$response.body#/claim_token" }, "releaseName") },
      schema: {
        operationId: "reserveName",
        summary: "Reserve a name for a short while",
        tags,
        body: ClaimNameRequest,
        response: { 201: NameClaim, ...bodyErrorResponses(403, 409) },
      },
    },
    async (request, reply) => reply.status(201).send(reserveName(db, request.body.template_ref)),
  );
  app.delete(
    "/v1/templates/claims/:claim_token",
    {
      schema: {
        operationId: "releaseName",
        summary: "Release a reserved name",
        tags,
        params: z.object({ claim_token: z.string().min(1) }),
        response: { 204: z.null().describe("Released"), ...bodyErrorResponses(404, 409) },
      },
    },
    async (request, reply) => {
      releaseName(db, request.params.claim_token);
      return reply.status(204).send(null);
    },
  );
}
