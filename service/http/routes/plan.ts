import { CreateTemplateRequest, PlanResponse, ValidationResponse } from "pulumi-nullspace/wire";
import * as z from "zod";
import { MAX_CONTEXT_BODY_BYTES } from "../../blobs/blob-limits.ts";
import type { BuildService } from "../../builds/build-service.ts";
import { planOf, validateRequest } from "../../builds/plan.ts";
import type { ServiceDeps } from "../../service-deps.ts";
import { bodyErrorResponses } from "../error-responses.ts";
import { requestSignal } from "../request-signal.ts";
import type { ServiceApp } from "../service-app.ts";

/** `POST /v1/templates/validate`, `POST /v1/templates/plan`: nothing is built, nothing is kept. */
export function registerPlanRoutes(app: ServiceApp, { stopping }: ServiceDeps, builds: BuildService): void {
  const tags = ["builds"];
  app.post(
    "/v1/templates/validate",
    {
      bodyLimit: MAX_CONTEXT_BODY_BYTES,
      schema: {
        operationId: "validateBuild",
        summary: "Would this build be accepted? An invalid one is an answer",
        tags,
        body: z.unknown().describe("A CreateTemplateRequest, or what is meant to be one"),
        response: { 200: ValidationResponse, ...bodyErrorResponses() },
      },
    },
    async (request, reply) => validateRequest(builds, request.body, requestSignal(reply, stopping)),
  );
  app.post(
    "/v1/templates/plan",
    {
      bodyLimit: MAX_CONTEXT_BODY_BYTES,
      schema: {
        operationId: "planBuild",
        summary: "What a build would do, step by step",
        tags,
        body: CreateTemplateRequest,
        response: { 200: PlanResponse, ...bodyErrorResponses(403, 404) },
      },
    },
    async (request, reply) => planOf(await builds.check(request.body, requestSignal(reply, stopping))),
  );
}
