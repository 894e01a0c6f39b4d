import type { FastifyReply, FastifyRequest } from "fastify";
import { ForbiddenFormError, InvalidRequestError, type ServiceError, UnauthorizedError } from "../../errors.ts";
import { toServiceError } from "../../http/errors.ts";
import { requestSignal } from "../../http/request-signal.ts";
import type { ServiceApp } from "../../http/service-app.ts";
import { PAGE_PREFIX, type SessionCookie } from "../access/cookie.ts";
import { isSameOrigin } from "../access/same-origin.ts";
import { hasFormToken, type Notice, type Session, type Sessions } from "../access/sessions.ts";
import { html } from "../html.ts";
import { layout, type Page } from "../layout.ts";

/** The script says by this header that it looks again by itself, which keeps no session alive. */
export const POLL_HEADER = "x-page-poll";

/** The largest form is a name and a few ids. */
const FORM_LIMIT_BYTES = 16 * 1024;

/** One request for a page, by somebody who has logged in. */
export interface Visit {
  session: Session;
  /** Parts of the path, decoded. */
  params: Readonly<Record<string, string>>;
  /** The query; of a name that comes several times, the first. */
  query: Readonly<Record<string, string | undefined>>;
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal;
}

/** A form that was sent from a page of the session. */
export interface FormVisit extends Visit {
  form: Readonly<Record<string, string | undefined>>;
}

/** Where an action leads, and what is said there. */
export interface Redirect {
  to: string;
  notice?: Notice;
}

/** What {@link PageRoutes} needs. */
export interface PageRouteOptions {
  sessions: Sessions;
  cookie: SessionCookie;
  stopping: AbortSignal;
}

/**
 * Routes of pages: whoever has not logged in is led to the log-in; every answer has the headers that keep it to itself;
 * errors are pages. A form counts only with the token of its session, from a page of this service.
 */
export class PageRoutes {
  readonly #app: ServiceApp;
  readonly #options: PageRouteOptions;

  /** @param app what all of the page's routes are registered on, below its prefix */
  constructor(app: ServiceApp, options: PageRouteOptions) {
    this.#app = app;
    this.#options = options;
    app.decorateRequest("session");
    app.addHook("onRequest", (request, reply) => this.#admit(request, reply));
    app.addHook("onSend", async (_request, reply) => void reply.headers(secureHeaders(reply)));
    app.setErrorHandler((error, request, reply) => this.#answerError(error, request, reply));
    // Forms and nothing else, so that every field is a text.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit: FORM_LIMIT_BYTES },
      (_request, body, done) => done(null, firstOfEach(new URLSearchParams(body as string))),
    );
  }

  /** A page to look at. */
  get(path: string, show: (visit: Visit) => Page | Redirect | Promise<Page | Redirect>): void {
    this.stream(path, async (visit, reply) => this.#answer(visit, await show(visit), reply));
  }

  /** Something to read that is no page: a text, a stream. */
  stream(path: string, answer: (visit: Visit, reply: FastifyReply) => unknown): void {
    this.#app.route({
      method: ["GET", "HEAD"],
      url: path,
      config: { public: true },
      schema: { hide: true },
      handler: async (request, reply) => answer(this.#visitOf(request, reply), reply),
    });
  }

  /**
   * An action. It ends in a page that is asked for again, so that going back and loading again repeat nothing; in a page of
   * its own only where that must be seen once.
   */
  post(path: string, act: (visit: FormVisit, reply: FastifyReply) => Page | Redirect | Promise<Page | Redirect>): void {
    this.#app.post(path, { config: { public: true }, schema: { hide: true } }, async (request, reply) => {
      const visit = this.#visitOf(request, reply);
      const form = (request.body ?? {}) as FormVisit["form"];
      if (!hasFormToken(visit.session, form.token)) throw new ForbiddenFormError();
      return this.#answer(visit, await act({ ...visit, form }, reply), reply);
    });
  }

  #answer({ session }: Visit, answer: Page | Redirect, reply: FastifyReply): FastifyReply {
    if (!("to" in answer)) return sendPage(reply, answer, session);
    if (answer.notice !== undefined) session.notice = answer.notice;
    return reply.redirect(answer.to, 303);
  }

  #visitOf(request: FastifyRequest, reply: FastifyReply): Visit {
    const { session, params } = request;
    if (session === undefined) throw new UnauthorizedError("This page needs a log-in.");
    return {
      session,
      params: params as Visit["params"],
      query: firstOfEach(new URLSearchParams(new URL(request.url, "http://page").search)),
      signal: AbortSignal.any([requestSignal(reply, this.#options.stopping), session.ended]),
    };
  }

  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { sessions, cookie } = this.#options;
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead && !isSameOrigin(request.headers)) throw new ForbiddenFormError();
    const secret = cookie.read(request.headers.cookie);
    const isPoll = request.headers[POLL_HEADER] !== undefined;
    request.session = secret === undefined ? undefined : sessions.find(secret, !isPoll);
    request.caller = request.session?.caller;
    if (request.session !== undefined || request.routeOptions.config.isOpen === true) return undefined;
    if (isRead && !isPoll) return reply.redirect(`${PAGE_PREFIX}/log-in?next=${encodeURIComponent(request.url)}`, 303);
    throw new UnauthorizedError("You are not logged in any more.", { suggestedAction: "Log in, and do it again." });
  }

  #answerError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const error = toServiceError(thrown);
    if (error.status >= 500) request.log.error({ err: error.cause ?? error, code: error.code }, "page failed");
    void reply.header("x-request-id", request.id).status(error.status);
    if (error.status === 413) void reply.header("connection", "close");
    sendPage(reply, errorPage(error, request), request.session);
  }
}

/** Answers a page. A notice that waits is shown with it, and is gone then. */
export function sendPage(reply: FastifyReply, page: Page, session: Session | undefined): FastifyReply {
  const isLook = reply.request.method === "GET" && reply.request.headers[POLL_HEADER] === undefined;
  const visitor = session && {
    name: session.caller.name,
    formToken: session.formToken,
    notice: isLook ? session.notice : undefined,
  };
  if (session !== undefined && isLook) session.notice = undefined;
  return reply.type("text/html; charset=utf-8").send(layout(page, visitor).text);
}

const TITLES: Record<number, string> = {
  400: "The request is not valid",
  401: "Logged out",
  403: "Not allowed",
  404: "Not found",
  409: "Changed in the meantime",
  429: "Too many tries",
  503: "Not now",
  507: "The disk is full",
};

function errorPage({ status, message, suggestedAction }: ServiceError, request: FastifyRequest): Page {
  return {
    title: TITLES[status] ?? (status < 500 ? "That did not work" : "Something went wrong"),
    body: html`<p class="lead">${message}</p>
      ${suggestedAction !== undefined && html`<p>${suggestedAction}</p>`}
      <p>
        ${status === 401 ? html`<a class="button" href="/ui/log-in">Log in</a>` : html`<a href="/ui/">Go to the overview</a>`}
      </p>
      <p class="quiet">${status} · request <code>${request.id}</code>, as in the log of the service</p>`,
  };
}

/** What every answer of the page carries. Assets say themselves how long they may be kept. */
function secureHeaders(reply: FastifyReply): Record<string, string> {
  return {
    "content-security-policy":
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    ...(reply.getHeader("cache-control") === undefined && { "cache-control": "no-store" }),
  };
}

function firstOfEach(pairs: URLSearchParams): Record<string, string | undefined> {
  // Without a prototype: every name is a name.
  const first = Object.create(null) as Record<string, string | undefined>;
  for (const [name, value] of pairs) first[name] ??= value;
  return first;
}

/** Reads a whole number of a query or form. @throws InvalidRequestError for one that is none */
export function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidRequestError(`${name}: "${text.slice(0, 40)}" is not a whole number.`);
}

declare module "fastify" {
  interface FastifyRequest {
    /** Of the page: who has logged in. */
    session: Session | undefined;
  }
  interface FastifyContextConfig {
    /** `true`: a route of the page for which nobody has to log in. */
    isOpen?: boolean;
  }
}
