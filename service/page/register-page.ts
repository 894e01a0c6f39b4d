import type { ServiceApp } from "../http/service-app.ts";
import { authenticate } from "../http/auth.ts";
import { handleUnknownRoute } from "../http/errors.ts";
import type { Place } from "../health/place.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import { ResourceNotFoundError } from "../errors.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { PAGE_PREFIX, SessionCookie } from "./access/cookie.ts";
import { Sessions } from "./access/sessions.ts";
import { SCRIPT, STYLE } from "./assets.ts";
import type { Retention } from "../templates/retention.ts";
import type { DiskDependencies } from "./views/disk.ts";
import type { ViewDependencies } from "./views/view-dependencies.ts";
import { registerLogIn } from "./routes/log-in.ts";
import { registerAudit } from "./routes/audit.ts";
import { registerDisk } from "./routes/disk.ts";
import { registerKeys } from "./routes/keys.ts";
import { registerMachines } from "./routes/machines.ts";
import { registerPools } from "./routes/pools.ts";
import { registerBuilds } from "./routes/builds.ts";
import { registerOverview } from "./routes/overview.ts";
import { PageRoutes } from "./routes/page-routes.ts";
import { registerTemplates } from "./routes/templates.ts";

/** How the page is served. */
export interface PageSettings {
  keys: KeyRing;
  /** Whether this process speaks TLS. */
  isTls: boolean;
  /** Whether something in front of it does, and says so in `X-Forwarded-Proto`. */
  isBehindProxy: boolean;
  /** Data folder, whose disk is shown, and the store in it. */
  folder: string;
  storePath: string;
  /** A session that nobody has used for so long ends. Default 30 minutes. */
  idleMs?: number;
}

/** What the page needs of the service. */
export interface PageOptions extends PageSettings, ViewDependencies {
  instanceId: string;
  stopping: AbortSignal;
  fleet: Fleet;
  /** What builds, keeps images and runs machines. */
  places: readonly Place[];
  /** What keeps images, and what sweeps. */
  disk: Pick<DiskDependencies, "artifacts" | "buildCache"> & { retention: Retention };
}

const A_YEAR = "private, max-age=31536000, immutable";

/**
 * The page for people, below `/ui/`, where no call of the API is. It is made on the server, from views (data in, data out)
 * and pages (data in, HTML out), and works without its script. `GET /` leads to it when HTML is asked for; for everybody
 * else `/` is what it was: no call.
 */
export function registerPage(app: ServiceApp, options: PageOptions): void {
  const { keys, stopping, idleMs } = options;
  const sessions = new Sessions({ keys, log: app.log, ...(idleMs !== undefined && { idleMs }) });
  app.addHook("onClose", async () => sessions.closeAll());
  const cookie = new SessionCookie(options.instanceId);

  app.route({
    method: ["GET", "HEAD"],
    url: "/",
    config: { public: true },
    schema: { hide: true },
    handler: (request, reply) => {
      void reply.header("vary", "accept");
      if (/\btext\/html\b/.test(request.headers.accept ?? "")) return reply.redirect(`${PAGE_PREFIX}/`, 303);
      authenticate(keys, request.headers.authorization);
      handleUnknownRoute(request, reply);
    },
  });

  void app.register(
    async (below) => {
      const pages = below as unknown as ServiceApp;
      const routes = new PageRoutes(pages, { sessions, cookie, stopping });
      registerAssets(pages);
      const { logOut } = registerLogIn(pages, routes, { ...options, sessions, cookie });
      registerOverview(routes, options);
      registerTemplates(routes, options);
      registerBuilds(routes, options);
      registerPools(routes, options);
      registerMachines(routes, options);
      const { retention } = options.disk;
      registerDisk(routes, { ...options, ...options.disk, sweep: () => retention.ask() });
      registerKeys(routes, { ...options, logOut });
      registerAudit(routes, options);
      pages.all("/*", { config: { public: true }, schema: { hide: true } }, async () => {
        throw new ResourceNotFoundError("not_found", "There is no such page.");
      });
    },
    { prefix: PAGE_PREFIX },
  );
}

function registerAssets(pages: ServiceApp): void {
  for (const { path, type, etag, body } of [STYLE, SCRIPT]) {
    pages.route({
      method: ["GET", "HEAD"],
      url: path.slice(PAGE_PREFIX.length),
      config: { public: true, isOpen: true },
      schema: { hide: true },
      handler: async (request, reply) => {
        void reply.headers({ etag, "cache-control": A_YEAR });
        if (request.headers["if-none-match"] === etag) return reply.status(304).send();
        return reply.type(type).send(body);
      },
    });
  }
}
