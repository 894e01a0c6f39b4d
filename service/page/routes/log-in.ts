import type { FastifyReply, FastifyRequest } from "fastify";
import { ServiceError } from "../../errors.ts";
import type { KeyRing } from "../../keys/key-ring.ts";
import type { ServiceApp } from "../../http/service-app.ts";
import { PAGE_PREFIX, type SessionCookie } from "../access/cookie.ts";
import { LogInLimit } from "../access/log-in-limit.ts";
import type { Sessions } from "../access/sessions.ts";
import { logInPage } from "../pages/log-in.ts";
import { sendPage, type PageRoutes } from "./page-routes.ts";

/** What logging in needs. */
export interface LogInOptions {
  keys: KeyRing;
  sessions: Sessions;
  cookie: SessionCookie;
  /** Whether this process speaks TLS. */
  isTls: boolean;
  /** Whether something in front of it does, and says so in `X-Forwarded-Proto`. */
  isBehindProxy: boolean;
}

/**
 * Logging in with a key of the service, and out. There is no service without keys: at least one is made at its first start.
 *
 * @returns what else ends the session of a request
 */
export function registerLogIn(
  app: ServiceApp,
  routes: PageRoutes,
  options: LogInOptions,
): { logOut: (reply: FastifyReply) => void } {
  const { keys, sessions, cookie } = options;
  const limit = new LogInLimit();
  const open = { config: { public: true, isOpen: true }, schema: { hide: true } };

  app.route({
    ...open,
    method: ["GET", "HEAD"],
    url: "/log-in",
    handler: async (request, reply) => {
      const { next, out } = request.query as Record<string, unknown>;
      if (request.session !== undefined) return reply.redirect(pathOf(next), 303);
      return sendPage(reply, logInPage({ next: pathOf(next), out: outOf(out) }), undefined);
    },
  });

  app.post("/log-in", open, async (request, reply) => {
    const { key = "", next } = (request.body ?? {}) as Record<string, string | undefined>;
    const waitSeconds = limit.waitSeconds(request.ip);
    if (waitSeconds > 0) {
      void reply.header("retry-after", String(waitSeconds));
      throw new ServiceError("Too many keys were tried from your address.", {
        code: "too_many_requests",
        status: 429,
        retryable: true,
        suggestedAction: `Wait ${waitSeconds} seconds, and try again.`,
      });
    }
    const caller = keys.find(key.trim());
    if (caller === undefined) {
      limit.note(request.ip);
      request.log.warn({ address: request.ip }, "a log-in to the page with a key that is not valid");
      return sendPage(reply.status(401), logInPage({ next: pathOf(next), isWrong: true }), undefined);
    }
    closeOld(request);
    void reply.header("set-cookie", cookie.write(sessions.open(caller), isSecure(request)));
    return reply.redirect(pathOf(next), 303);
  });

  routes.post("/log-out", (_visit, reply) => {
    logOut(reply);
    return { to: `${PAGE_PREFIX}/log-in?out=1` };
  });
  return { logOut };

  function logOut(reply: FastifyReply): void {
    closeOld(reply.request);
    void reply.header("set-cookie", cookie.clear(isSecure(reply.request)));
  }

  function closeOld(request: FastifyRequest): void {
    const secret = cookie.read(request.headers.cookie);
    if (secret !== undefined) sessions.close(secret);
  }

  function isSecure({ headers }: FastifyRequest): boolean {
    return (
      options.isTls ||
      (options.isBehindProxy &&
        String(headers["x-forwarded-proto"] ?? "")
          .split(",")[0]
          ?.trim() === "https")
    );
  }
}

/** Why nobody is logged in any more. */
function outOf(out: unknown): "wanted" | "revoked" | undefined {
  if (out === undefined) return undefined;
  return out === "revoked" ? "revoked" : "wanted";
}

/** Where to go after the log-in: a page of ours, whatever was asked for. */
function pathOf(next: unknown): string {
  return typeof next === "string" && /^\/ui\/(?!log-|assets\/)[\x21-\x5b\x5d-\x7e]*$/.test(next)
    ? next
    : `${PAGE_PREFIX}/`;
}
