import { ClaimNameRequest, NameClaim } from "pulumi-nullspace/wire";
import { z } from "zod";
import type { ServiceDeps } from "../../service-deps.ts";
import { releaseName, reserveName } from "../../templates/claims.ts";
import { ERROR_RESPONSES } from "../error-responses.ts";
import type { ServiceApp } from "../service-app.ts";

/** `POST /v1/templates/claims`, `DELETE /v1/templates/claims/{claim_token}`. */
export function registerClaimRoutes(app: ServiceApp, { db }: ServiceDeps): void {
  const tags = ["claims"];
  app.post(
    "/v1/templates/claims",
    { schema: { tags, body: ClaimNameRequest, response: { 201: NameClaim, ...ERROR_RESPONSES } } },
    async (request, reply) => reply.status(201).send(reserveName(db, request.body.template_ref)),
  );
  app.delete(
    "/v1/templates/claims/:claim_token",
    {
      schema: {
        tags,
        params: z.object({ claim_token: z.string().min(1) }),
        response: { 204: z.null().describe("Released"), ...ERROR_RESPONSES },
      },
    },
    async (request, reply) => {
      releaseName(db, request.params.claim_token);
      return reply.status(204).send(null);
    },
  );
}
