import { Readable } from "node:stream";
import { definitionOf, getBuild, isFinal } from "../../builds/build-record.ts";
import { logFrames } from "../../http/event-stream.ts";
import { buildPage, logPage } from "../pages/build.ts";
import { comparePage } from "../pages/compare.ts";
import { buildDetails } from "../views/build.ts";
import { findInLog, LOG_LINES, logLine, logText, logWindow, TAIL_LINES } from "../views/build-log.ts";
import { BuildSteps } from "../views/build-steps.ts";
import { compareBuilds } from "../views/compare.ts";
import { redactorOf } from "../views/told-secrets.ts";
import type { ViewDependencies } from "../views/view-dependencies.ts";
import { getByKey } from "../../templates/logical-template.ts";
import { readNumber, type PageRoutes, type Visit } from "./page-routes.ts";

/** Builds with their steps and logs, and what is different between two. */
export function registerBuilds(routes: PageRoutes, stores: ViewDependencies): void {
  const { db, builds } = stores;
  const steps = new BuildSteps(db);

  routes.get("/builds/:id", async ({ params, session, signal }) => {
    const view = await buildDetails(stores, idOf(params));
    const list = await steps.of(view.buildId, view.failure?.step, signal);
    return buildPage(view, list, logWindow(db, view.buildId, { limit: TAIL_LINES }), session.formToken);
  });

  routes.get("/builds/:id/log", async ({ params, query, signal }) => {
    const { find = "" } = query;
    const id = idOf(params);
    const from = readNumber("from", query.from);
    const view = find === "" ? logWindow(db, id, { from }) : await findInLog(db, id, { find, from }, signal);
    return logPage(getByKey(db, getBuild(db, id).templateKey), view, LOG_LINES);
  });

  routes.stream("/builds/:id/log.txt", ({ params, signal }, reply) => {
    const { buildId } = getBuild(db, idOf(params));
    void reply.type("text/plain; charset=utf-8").header("content-disposition", `attachment; filename="${buildId}.log"`);
    return reply.send(reply.request.method === "HEAD" ? "" : Readable.from(logText(db, buildId, signal)));
  });

  routes.stream("/builds/:id/follow", ({ params, query, signal }, reply) => {
    const { buildId, status, nextOffset } = getBuild(db, idOf(params));
    const lastSeen = readNumber("last-event-id", String(reply.request.headers["last-event-id"] ?? ""));
    const offset = lastSeen === undefined ? (readNumber("from", query.from) ?? 0) : lastSeen + 1;
    // A browser asks again when a stream ends, unless it is told in this way that nothing more comes.
    if (isFinal(status) && offset >= nextOffset) return reply.status(204).send();
    void reply.type("text/event-stream; charset=utf-8").header("x-accel-buffering", "no");
    if (reply.request.method === "HEAD") return reply.send("");
    const redactor = redactorOf(definitionOf(getBuild(db, buildId)));
    const write = (at: number, entry: string): string => {
      const { offset: n, text, kind } = logLine({ offset: at, entry }, redactor);
      return `id: ${n}\nevent: line\ndata: ${JSON.stringify({ n, text, kind })}\n\n`;
    };
    const isOver = () => isFinal(getBuild(db, buildId).status);
    const frames = logFrames({
      buildLog: builds.buildLog,
      buildId,
      offset,
      follow: true,
      isFinal: isOver,
      signal,
      write,
    });
    return reply.send(Readable.from(frames, { objectMode: false }));
  });

  routes.get("/builds/:id/compare", async ({ params, query }) =>
    comparePage(await compareBuilds(stores, { from: query.with ?? "", to: idOf(params) })),
  );

  routes.post("/builds/:id/cancel", ({ params }) => {
    const { buildId, status } = getBuild(db, idOf(params));
    builds.cancel(buildId, undefined);
    const text = isFinal(status) ? "The build had ended before." : "The build is cancelled.";
    return { to: `/ui/builds/${encodeURIComponent(buildId)}`, notice: { kind: "done", text } };
  });
}

function idOf({ id = "" }: Visit["params"]): string {
  return id;
}
