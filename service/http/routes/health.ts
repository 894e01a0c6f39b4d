import { Health } from "pulumi-nullspace/wire";
import { publicErrorResponses } from "../error-responses.ts";
import type { ServiceApp } from "../service-app.ts";

/** `GET /healthz`: the process answers; needs no key and says nothing about the engine. */
export function registerHealthRoutes(app: ServiceApp): void {
  app.get(
    "/healthz",
    {
      config: { public: true },
      schema: {
        operationId: "getHealth",
        summary: "Does the service answer?",
        tags: ["health"],
        response: { 200: Health, ...publicErrorResponses() },
      },
    },
    async () => ({ status: "ok" }),
  );
}
