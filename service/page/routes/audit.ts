import type { Database } from "../../store/database.ts";
import { auditPage } from "../pages/audit.ts";
import { auditTrail } from "../views/audit.ts";
import type { PageRoutes } from "./page-routes.ts";

/** Who changed what. */
export function registerAudit(routes: PageRoutes, { db }: { db: Database }): void {
  routes.get("/audit", ({ query }) =>
    auditPage(auditTrail(db, { kind: query.kind, subject: query.subject, key: query.key, after: query.after })),
  );
}
