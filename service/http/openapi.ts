import swagger from "@fastify/swagger";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import type { ServiceApp } from "./service-app.ts";

/**
 * `GET /openapi.json`: the calls of this service as OpenAPI 3.1, made from the zod schemas that check what comes in and
 * what goes out. Needs no key. Register it before the routes.
 */
export async function registerOpenApi(app: ServiceApp, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Nullspace local service",
        description: "Sandbox templates, builds, warm pools and machines on Docker Engine.",
        version,
      },
      components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
      security: [{ key: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  app.get("/openapi.json", { config: { public: true }, schema: { hide: true } }, async (_request, reply) =>
    reply.type("application/json").send(app.swagger()),
  );
}
