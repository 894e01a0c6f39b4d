import { fastify, LogController, type FastifyBaseLogger } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { newId } from "../ids.ts";
import type { Authenticate } from "./auth.ts";
import { handleError, handleUnknownRoute } from "./errors.ts";
import { canonicalRefUrl } from "./ref-path.ts";
import type { ServiceApp } from "./service-app.ts";

/** JSON bodies end here unless a route says otherwise; the largest ordinary body is a pool with its metadata. */
const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024;

/** Longest path segment, an encoded ref or alias: 128 + 1 + 128 + 1 + 128 characters, each at most `%xx`. */
const MAX_PARAM_LENGTH = 1200;

/** What {@link createApp} stands on. */
export interface AppOptions {
  logger: FastifyBaseLogger;
  authenticate: Authenticate;
  /** Whether a decoded ref names a template; see {@link canonicalRefUrl}. */
  refExists: (ref: string) => boolean;
}

/**
 * The HTTP application without routes: request ids, bearer key, error envelope, zod for what comes in and goes out.
 * It never redirects (a client takes any status below 400 for success).
 */
export function createApp({ logger, authenticate, refExists }: AppOptions): ServiceApp {
  const app = fastify({
    loggerInstance: logger,
    genReqId: () => newId("req_"),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: DEFAULT_BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    forceCloseConnections: true,
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

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(handleUnknownRoute);

  app.addHook("onRequest", async (request, reply) => {
    void reply.header("x-request-id", request.id);
    if (request.routeOptions.config?.public !== true) authenticate(request.headers.authorization);
  });
  app.addHook("onResponse", (request, reply, done) => {
    const { method, url } = request;
    request.log.debug({ method, url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, "request");
    done();
  });

  // A POST without a body, or with an empty one, is `{}` to its route.
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parseJson(request, body as string, done);
  });
  return app;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** `true`: the route needs no API key. */
    public?: boolean;
  }
}
