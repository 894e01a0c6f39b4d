import type { RequestListener, Server } from "node:http";
import { fastify, LogController, type FastifyBaseLogger } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { MASK } from "pulumi-nullspace/secrets";
import { NO_SPAN, withinSpan, type Span } from "pulumi-nullspace/tracing";
import { asCaller, SERVICE, type Caller } from "../caller.ts";
import { InvalidRequestError, MisdirectedError, UnavailableError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import { authenticate } from "./auth.ts";
import type { IsAllowedHost } from "./allowed-hosts.ts";
import { boundBodies } from "./bounded-bodies.ts";
import { answerClientError } from "./client-errors.ts";
import { answerWhatIsDurable } from "./durable-answers.ts";
import { handleError, handleUnknownRoute } from "./errors.ts";
import { acceptJsonBodies } from "./json-body.ts";
import { OpenRequests } from "./open-requests.ts";
import { canonicalRefUrl } from "./ref-path.ts";
import type { ServiceApp } from "./service-app.ts";
import type { TlsIdentity } from "./tls-files.ts";
import { isSocketUpgrade } from "./upgrades.ts";

/** JSON bodies end here unless a route says otherwise; the largest ordinary body is a pool with its metadata. */
const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024;

/** Longest path segment, an encoded ref or alias: 128 + 1 + 128 + 1 + 128 characters, each at most `%xx`. */
const MAX_PARAM_LENGTH = 1200;

/** How long a caller may take to send a request. */
export interface RequestTimeouts {
  /**
   * First line and headers.
   *
   * @default 60 s
   */
  headersMs: number;
  /**
   * All of it: the largest file of a context at 2 MB/s.
   *
   * @default 5 minutes
   */
  requestMs: number;
  /**
   * How often connections are looked at.
   *
   * @default 10 s
   */
  checkEveryMs: number;
}

const DEFAULT_TIMEOUTS: RequestTimeouts = { headersMs: 60_000, requestMs: 300_000, checkEveryMs: 10_000 };

/** What {@link createApp} needs. */
export interface AppOptions {
  logger: FastifyBaseLogger;
  keys: KeyRing;
  /** Whether a decoded ref names a template; see {@link canonicalRefUrl}. */
  refExists: (ref: string) => boolean;
  /** Aborts when the service stops: what comes after is refused. */
  stopping: AbortSignal;
  /**
   * Whether a `Host` header names this service.
   *
   * @default every one does
   */
  isAllowedHost?: IsAllowedHost;
  /** Certificate and key; absent: plain HTTP. */
  tls?: TlsIdentity;
  /**
   * Waits until what an answer tells would survive a loss of power.
   *
   * @default nothing has to
   */
  durable?: () => Promise<void>;
  timeouts?: RequestTimeouts;
  /** Begins the span of each request that was let in. @default nothing is traced */
  onRequest?: (request: TracedRequest) => Span;
  /** Is told of each request when its answer is complete, or was given up. @default nobody is */
  onAnswered?: (request: AnsweredRequest) => void;
}

/** A request that was let in, for traces. */
export interface TracedRequest {
  method: string;
  /** Pattern of the route, `/v1/machines/:id`; absent where none fits. */
  route: string | undefined;
  /** The caller's header `traceparent`. */
  traceparent: string | undefined;
}

/** An answered request, for figures. */
export interface AnsweredRequest {
  /** Pattern of the route, `/v1/machines/:id`; absent where none fits. */
  route: string | undefined;
  method: string;
  status: number;
  tookMs: number;
}

/**
 * The HTTP application without routes: request ids, bearer key, error envelope, zod for what comes in and goes out.
 * It never redirects (a client takes any status below 400 for success).
 */
export function createApp(options: AppOptions): ServiceApp {
  const { logger, keys, refExists, stopping, durable, onRequest, onAnswered, timeouts = DEFAULT_TIMEOUTS } = options;
  const limits = {
    requestTimeout: timeouts.requestMs,
    headersTimeout: timeouts.headersMs,
    connectionsCheckingInterval: timeouts.checkEveryMs,
    // Checked below, in the error form of the contract.
    requireHostHeader: false,
    shouldUpgradeCallback: isSocketUpgrade,
  };
  const { tls, isAllowedHost = () => true } = options;
  const app = fastify({
    loggerInstance: logger,
    genReqId: () => newId("req_"),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: DEFAULT_BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    requestTimeout: timeouts.requestMs,
    http: limits,
    // One type of server for both: what is used of them is the same.
    ...(tls && {
      serverFactory: (listener: RequestListener) => tls.createServer(limits, listener) as unknown as Server,
    }),
    forceCloseConnections: true,
    // Answered below, in the error form of the contract.
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: handleError,
    // The contract has no HEAD, and a HEAD of a log that is followed would last as long as its build.
    exposeHeadRoutes: false,
    rewriteUrl: ({ method = "GET", url = "/" }) => {
      try {
        return canonicalRefUrl(method, url, refExists);
      } catch (error) {
        // Not inside a request yet: what is thrown here would end the process. The route meets the same trouble.
        logger.error({ err: error }, "a path could not be looked up");
        return url;
      }
    },
  }).withTypeProvider<ZodTypeProvider>();

  const openRequests = new OpenRequests(keys, logger);
  app.addHook("onClose", async () => openRequests.close());
  app.decorateRequest("caller");
  app.decorateRequest("span");
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(handleUnknownRoute);

  app.addHook("onRequest", async (request, reply) => {
    void reply.header("x-request-id", request.id);
    // RFC 9112, section 3.2: to be refused, whoever it is from.
    if (request.headers.host === undefined && request.raw.httpVersion === "1.1") {
      throw new InvalidRequestError("The request has no Host header, which HTTP/1.1 asks for.");
    }
    if (request.headers.host !== undefined && !isAllowedHost(request.headers.host)) throw new MisdirectedError();
    if (stopping.aborted) throw new UnavailableError("The service is stopping. Try again when it is up.");
    if (request.routeOptions.config?.public === true) return;
    request.caller = authenticate(keys, request.headers.authorization);
    openRequests.add(reply.raw, request.caller);
    const { traceparent } = request.headers;
    request.span = onRequest?.({
      method: request.method,
      route: request.routeOptions.url,
      traceparent: typeof traceparent === "string" ? traceparent : undefined,
    });
  });
  // Not before the body was read: its events come without what this sets.
  app.addHook("preValidation", (request, _reply, done) =>
    withinSpan(request.span ?? NO_SPAN, () => asCaller(request.caller ?? SERVICE, done)),
  );
  if (durable !== undefined) answerWhatIsDurable(app, durable);
  app.addHook("onResponse", (request, reply, done) => {
    const { method, url } = request;
    request.log.debug(
      { method, url: withoutClaim(url), status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      "request",
    );
    const { span } = request;
    span?.set({ "http.response.status_code": reply.statusCode });
    if (reply.statusCode >= 500) span?.fail({ code: `http_${reply.statusCode}` });
    span?.end();
    onAnswered?.({ route: request.routeOptions.url, method, status: reply.statusCode, tookMs: reply.elapsedTime });
    // Node has let go of a connection that asked to be a WebSocket: refused, it would stay open, and keep a stop waiting.
    if (isSocketUpgrade(request.raw)) request.raw.socket.destroySoon();
    done();
  });

  boundBodies(app);
  acceptJsonBodies(app);
  // An expectation that we do not know may be left unmet; without this, Node answers it with an error of its own form.
  app.server.on("checkExpectation", (request, response) => app.routing(request, response));
  return app;
}

/** Whoever knows the token of a claim may take the name. */
function withoutClaim(url: string): string {
  return url.replace(/(?<=^\/v1\/templates\/claims\/)[^/?]+/, MASK);
}

declare module "fastify" {
  interface FastifyRequest {
    /** Whose key the request came with; `undefined` for a call that needs none. */
    caller: Caller | undefined;
    /** The span of it; absent when nothing is traced. */
    span: Span | undefined;
  }
  interface FastifyContextConfig {
    /** `true`: the route needs no API key. */
    public?: boolean;
    /**
     * `false`: the answer tells nothing of the store, and does not wait until the store is on the disk.
     *
     * @default true
     */
    waitsForDisk?: boolean;
  }
}
