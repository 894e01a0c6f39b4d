import { Health } from "pulumi-nullspace/wire";
import type { ServiceApp } from "../service-app.ts";

/** `GET /healthz`: the process answers; needs no key and says nothing about the engine. */
export function registerHealthRoutes(app: ServiceApp): void {
  app.get(
    "/healthz",
    { config: { public: true }, schema: { tags: ["health"], response: { 200: Health } } },
    async () => ({ status: "ok" }),
  );
}
