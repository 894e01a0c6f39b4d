import swagger from "@fastify/swagger";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import type { OpenAPIV3_1 } from "openapi-types";
import * as z from "zod";
import { publicErrorResponses } from "./error-responses.ts";
import { narrowAnswers } from "./openapi-answers.ts";
import { nameComponents } from "./openapi-components.ts";
import { describeSecrets } from "./openapi-secrets.ts";
import type { ServiceApp } from "./service-app.ts";

const transform = createJsonSchemaTransform({});
const addComponents = createJsonSchemaTransformObject({});

/**
 * `GET /openapi.json`: the calls of this service as OpenAPI 3.1, made from the zod schemas that check what comes in and
 * what goes out. Needs no key. Register it before the routes.
 */
export async function registerOpenApi(app: ServiceApp, version: string): Promise<void> {
  // Calls whose body may be left out, which the generator cannot say.
  const optionalBodies = new Set<string>();
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Nullspace local service",
        description:
          "Sandbox templates, builds, warm pools and machines on Docker Engine. Every answer carries `x-request-id`. " +
          "Answers hold the members and values that are listed here and no others; a client for other services, or for " +
          "later versions of this one, must not rely on that.",
        version,
      },
      servers: [{ url: "/" }],
      components: {
        securitySchemes: { key: { type: "http", scheme: "bearer", description: "The API key of the service" } },
      },
      security: [{ key: [] }],
    },
    transform: (document) => {
      const { schema, url } = transform(document);
      const { route } = document;
      const body = route.schema?.body;
      if (body instanceof z.ZodType && body.safeParse(undefined).success) {
        optionalBodies.add(`${String(route.method).toLowerCase()} ${url.replaceAll(/:(\w+)/g, "{$1}")}`);
      }
      return {
        schema: {
          ...schema,
          ...(schema.operationId !== undefined && { operationId: operationIdOf(schema.operationId, url) }),
          ...(route.config?.public === true && { security: [] }),
        },
        url,
      };
    },
    transformObject: (document) => {
      const complete = addComponents(document) as OpenAPIV3_1.Document;
      for (const [path, item] of Object.entries(complete.paths ?? {})) {
        for (const [method, operation] of Object.entries(item ?? {})) {
          describeOperation(operation as OpenAPIV3_1.OperationObject, optionalBodies.has(`${method} ${path}`));
        }
      }
      narrowAnswers(complete);
      describeSecrets(complete);
      nameComponents(complete);
      return complete;
    },
  });
  app.get(
    "/openapi.json",
    {
      config: { public: true },
      schema: {
        operationId: "getOpenApi",
        summary: "This document",
        tags: ["health"],
        response: { 200: z.record(z.string(), z.unknown()).describe("OpenAPI 3.1"), ...publicErrorResponses() },
      },
    },
    async () => app.swagger() as unknown as Record<string, unknown>,
  );
}

/** Two calls on a ref differ in their path alone, and so do machines under their old name. */
function operationIdOf(operationId: string, url: string): string {
  if (url.startsWith("/v1/sandboxes")) return operationId.replace(/Machines?|Process(?:es)?/, "Sandbox$&");
  return url.startsWith("/v1/templates/:ref") ? `${operationId}ById` : operationId;
}

const REQUEST_ID = { description: "Id of the request, as in the service's log", schema: { type: "string" } } as const;

function describeOperation(operation: OpenAPIV3_1.OperationObject, hasOptionalBody: boolean): void {
  const body = operation.requestBody as OpenAPIV3_1.RequestBodyObject | undefined;
  if (body !== undefined && hasOptionalBody) body.required = false;
  for (const response of Object.values(operation.responses ?? {}) as OpenAPIV3_1.ResponseObject[]) {
    response.headers = { ...response.headers, "x-request-id": REQUEST_ID };
    if (response.description === "Default Response") response.description = "Done";
  }
}
