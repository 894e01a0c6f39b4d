import { Health } from "pulumi-nullspace/wire";
import { publicErrorResponses } from "../error-responses.ts";
import type { ServiceApp } from "../service-app.ts";

/**
 * `GET /healthz`: the process answers; needs no key and says nothing about the engine.
 *
 * @param instanceId of the data folder: by it a client knows the service again under another address
 */
export function registerHealthRoutes(app: ServiceApp, instanceId: string): void {
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
    async () => ({ status: "ok", instance_id: instanceId }),
  );
}
