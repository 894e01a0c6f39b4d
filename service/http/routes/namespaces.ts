import { NamespaceInfo } from "pulumi-nullspace/wire";
import * as z from "zod";
import type { ServiceDeps } from "../../service-deps.ts";
import { getNamespace } from "../../templates/namespaces.ts";
import { errorResponses } from "../error-responses.ts";
import type { ServiceApp } from "../service-app.ts";

/** `GET /v1/templates/namespaces/{slug}`. */
export function registerNamespaceRoutes(app: ServiceApp, { db }: ServiceDeps): void {
  app.get(
    "/v1/templates/namespaces/:slug",
    {
      schema: {
        operationId: "getNamespace",
        summary: "A namespace",
        tags: ["namespaces"],
        params: z.object({ slug: z.string().min(1) }),
        response: { 200: NamespaceInfo, ...errorResponses(404) },
      },
    },
    async (request) => getNamespace(db, request.params.slug),
  );
}
