import { ErrorEnvelope, Health, NotReady, ServiceReadiness } from "pulumi-nullspace/wire";
import * as z from "zod";
import { UnavailableError } from "../../errors.ts";
import type { CheckOutcome, ServiceHealth } from "../../health/service-health.ts";
import { toEnvelope } from "../errors.ts";
import { publicErrorResponses } from "../error-responses.ts";
import type { ServiceApp } from "../service-app.ts";

/** What the calls that tell how the service is need. */
export interface HealthRouteOptions {
  /** Of the data folder: by it a client knows the service again under another address. */
  instanceId: string;
  health: ServiceHealth;
}

const tags = ["health"];

/**
 * `GET /healthz`, whether the process answers, which says nothing about the engine; and `GET /readyz`, whether what it needs is there. Neither needs a key, nor waits for the disk: who asks decides whether the service is to be ended.
 */
export function registerHealthRoutes(app: ServiceApp, { instanceId, health }: HealthRouteOptions): void {
  const config = { public: true, waitsForDisk: false } as const;

  app.get(
    "/healthz",
    {
      config,
      schema: {
        operationId: "getHealth",
        summary: "Liveness: does the process answer? It says nothing about what the service needs; see /readyz",
        tags,
        response: { 200: Health, ...publicErrorResponses() },
      },
    },
    async () => ({ status: "ok", instance_id: instanceId }),
  );

  app.get(
    "/readyz",
    {
      config,
      schema: {
        operationId: "getReadiness",
        summary: "Readiness: is what the service needs there (engine, store, room on the disk)?",
        tags,
        response: {
          200: ServiceReadiness,
          ...publicErrorResponses(),
          503: {
            description: "Something that the service needs is not there, or the service is stopping",
            content: { "application/json": { schema: z.union([NotReady, ErrorEnvelope]) } },
          },
        },
      },
    },
    async (request, reply) => {
      const { isReady, checks } = await health.look();
      if (isReady) return { status: "ready" as const, checks };
      const failed = Object.entries(checks as Record<string, CheckOutcome>).filter(
        ([, { status }]) => status === "fail",
      );
      const error = new UnavailableError(
        `The service is not ready: ${failed.map(([name, { message }]) => `${name}: ${message}`).join(" ")}`,
        { suggestedAction: "Run `nullspace-local doctor` on the service's machine; its log has the cause." },
      );
      return reply.status(503).send({ ...toEnvelope(error, request.id), status: "not_ready", checks });
    },
  );
}
