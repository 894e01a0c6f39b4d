import * as z from "zod";
import { errorResponses, publicErrorResponses } from "../error-responses.ts";
import type { ServiceApp } from "../service-app.ts";

/** What the call that tells the figures needs. */
export interface MetricsRouteOptions {
  metrics: { readonly contentType: string; scrape(): Promise<string> };
  /** Whether they are told without a key. */
  isOpen: boolean;
}

/** `GET /metrics`: figures of the service, for Prometheus. */
export function registerMetricsRoute(app: ServiceApp, { metrics, isOpen }: MetricsRouteOptions): void {
  const figures = {
    description: "Prometheus' text form, version 0.0.4",
    content: { "text/plain": { schema: z.string() } },
  };
  app.get(
    "/metrics",
    {
      config: { waitsForDisk: false, ...(isOpen && { public: true }) },
      schema: {
        operationId: "getMetrics",
        summary: "Figures of the service, for Prometheus",
        tags: ["health"],
        response: { 200: figures, ...(isOpen ? publicErrorResponses() : errorResponses()) },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.scrape()),
  );
}
