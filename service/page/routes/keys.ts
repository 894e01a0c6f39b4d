import type { FastifyReply } from "fastify";
import { newKey } from "../../keys/key-ring.ts";
import { ApiKeyStore } from "../../store/api-keys.ts";
import type { Database } from "../../store/database.ts";
import { keysPage, newKeyPage, revokePage } from "../pages/keys.ts";
import { listKeys, plannedRevocation } from "../views/keys.ts";
import type { PageRoutes } from "./page-routes.ts";

/** Keys: which there are, a new one, and the end of one. */
export function registerKeys(
  routes: PageRoutes,
  { db, logOut }: { db: Database; logOut: (reply: FastifyReply) => void },
): void {
  const keys = new ApiKeyStore(db);

  routes.get("/keys", ({ query, session }) =>
    keysPage(listKeys(db, session.caller, { after: query.after }), session.formToken),
  );

  // The key is in this answer alone: no address leads to it, and nothing remembers it.
  routes.post("/keys", ({ form }) => {
    const key = newKey();
    const { name } = keys.add(form.name?.trim() ?? "", key);
    return newKeyPage({ name, key });
  });

  routes.get("/keys/:id/revoke", ({ params, session }) =>
    revokePage(plannedRevocation(db, session.caller, params.id ?? ""), session.formToken),
  );

  routes.post("/keys/:id/revoke", ({ params, session }, reply) => {
    const { name, keyId } = keys.revoke(keys.get(params.id ?? "").keyId);
    if (keyId !== session.caller.keyId) {
      return { to: "/ui/keys", notice: { kind: "done", text: `The key ${name} is no longer valid.` } };
    }
    logOut(reply);
    return { to: "/ui/log-in?out=revoked" };
  });
}
