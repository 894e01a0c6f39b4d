import {
  BuildList,
  BuildListQuery,
  CancelRequest,
  CreateTemplateRequest,
  PromoteRequest,
  RetryRequest,
  StatusSnapshot,
  TemplateBuild,
  TemplateInfo,
} from "pulumi-nullspace/wire";
import type { FastifyReply } from "fastify";
import * as z from "zod";
import { MAX_CONTEXT_BODY_BYTES } from "../../blobs/blob-limits.ts";
import { getBuild, isFinal } from "../../builds/build-record.ts";
import type { BuildService } from "../../builds/build-service.ts";
import { ServiceError } from "../../errors.ts";
import type { ServiceDeps } from "../../service-deps.ts";
import { getLogicalTemplate } from "../../templates/logical-template.ts";
import { describeRef } from "../../templates/template-view.ts";
import type { SizeLimits } from "../../fleet/machines/size-limits.ts";
import { bodyErrorResponses, errorResponses } from "../error-responses.ts";
import { sendLogStream } from "../event-stream.ts";
import { linksTo } from "../openapi-links.ts";
import { BuildParams, RefParams, refPaths } from "../ref-params.ts";
import { requestSignal } from "../request-signal.ts";
import type { ServiceApp } from "../service-app.ts";
import { sendSnapshot } from "../snapshot-stream.ts";

const Offset = z.coerce.number().int().min(0);
const ListQuery = BuildListQuery.extend({ limit: z.coerce.number().int().min(1).max(100).optional() });
/** What an `EventSource` sends when it connects again: the id of the last event that it has seen. */
const ResumeHeaders = z.object({
  "last-event-id": z
    .string()
    .regex(/^\d{1,15}$/, "is the id of an event of this stream: the offset of a log entry")
    .optional()
    .describe("The last event that was seen: the stream continues after it. It wins over offset and cursor"),
});
/** One event; OpenAPI before 3.2 describes a stream of them by one. */
const LogEvent = z
  .object({
    id: z.string().describe("Offset of the entry"),
    event: z.literal("log"),
    data: z.string().meta({
      contentMediaType: "application/json",
      contentSchema: { $ref: "#/components/schemas/LogEntry" },
      description: "The entry as JSON, on one line",
    }),
  })
  .meta({ id: "LogEvent" });
const EventStream = {
  description: "Server-sent events, one for each entry, and comment lines in between; closed after the last entry",
  content: { "text/event-stream": { schema: LogEvent } },
};

const NothingLeft = z.null().describe("The build has ended, and `Last-Event-ID` is its last entry: do not ask again");

/** What can be done with a build that was accepted. */
const BUILD_LINKS = linksTo(
  { build_id: "$response.body#/build_id" },
  ...["getBuild", "streamBuildLogs", "cancelBuild", "retryBuild", "promoteBuild"],
);

/** Builds: start (three ways), status, logs, cancel, retry, promote, history. */
export function registerBuildRoutes(
  app: ServiceApp,
  { db, stopping, sizes }: Pick<ServiceDeps, "db" | "stopping"> & { sizes: SizeLimits },
  builds: BuildService,
): void {
  const start = async (request: CreateTemplateRequest, signal: AbortSignal): Promise<TemplateBuild> => {
    const { vcpus, memory_mib: memoryMb } = request.build_config ?? {};
    await sizes.check({ vcpus, memoryMb }, signal);
    return builds.start(request, signal);
  };
  const tags = ["builds"];
  const started = { tags, body: CreateTemplateRequest };

  app.post(
    "/v1/templates/build",
    {
      bodyLimit: MAX_CONTEXT_BODY_BYTES,
      schema: {
        ...started,
        operationId: "build",
        summary: "Build, and stream the log until the build has ended",
        response: { 200: EventStream, ...bodyErrorResponses(403, 404, 409) },
      },
    },
    async (request, reply) => {
      const signal = requestSignal(reply, stopping);
      const { build_id } = await start(request.body, signal);
      return streamLog(reply, build_id, 0, true, signal);
    },
  );

  app.post(
    "/v1/templates/builds",
    {
      bodyLimit: MAX_CONTEXT_BODY_BYTES,
      links: { 202: BUILD_LINKS },
      schema: {
        ...started,
        operationId: "startBuild",
        summary: "Build in the background",
        response: { 202: TemplateBuild, ...bodyErrorResponses(403, 404, 409) },
      },
    },
    async (request, reply) => reply.status(202).send(await start(request.body, requestSignal(reply, stopping))),
  );

  app.post(
    "/v1/templates",
    {
      bodyLimit: MAX_CONTEXT_BODY_BYTES,
      schema: {
        ...started,
        operationId: "buildAndWait",
        summary: "Build, and answer when the build has ended",
        deprecated: true,
        response: { 201: TemplateInfo, ...bodyErrorResponses(403, 404, 409) },
      },
    },
    async (request, reply) => {
      const signal = requestSignal(reply, stopping);
      const { build_id, template_id } = await start(request.body, signal);
      await builds.waitUntilFinal(build_id, signal);
      const build = builds.head(build_id, 0).build;
      if (build.status === "ready") return reply.status(201).send(describeRef(db, template_id));
      throw new ServiceError(build.error ?? `Build ${build_id} was ${build.status}.`, {
        code: "build_error",
        status: 400,
        buildId: build_id,
        ...(build.error_detail != null && { detail: build.error_detail }),
      });
    },
  );

  app.get(
    "/v1/templates/builds",
    {
      schema: {
        operationId: "listAllBuilds",
        summary: "Builds of all templates, newest first",
        tags,
        querystring: ListQuery,
        response: { 200: BuildList, ...errorResponses() },
      },
    },
    async (request) => builds.list(undefined, request.query),
  );

  app.get(
    "/v1/templates/builds/:build_id",
    {
      schema: {
        operationId: "getBuild",
        summary: "A build with its log from an offset on",
        tags,
        params: BuildParams,
        querystring: z.object({ offset: Offset.default(0) }),
        response: { 200: StatusSnapshot, ...errorResponses(404) },
      },
    },
    async (request, reply) => sendSnapshot(reply, builds, request.params.build_id, request.query.offset),
  );

  app.get(
    "/v1/templates/builds/:build_id/logs",
    {
      schema: {
        operationId: "streamBuildLogs",
        summary: "Stream a build's log from an offset on",
        tags,
        params: BuildParams,
        querystring: z.object({
          follow: z.enum(["true", "false"]).default("false"),
          offset: Offset.optional(),
          cursor: Offset.optional().describe("The same as offset; it wins"),
        }),
        headers: ResumeHeaders,
        response: { 200: EventStream, 204: NothingLeft, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const { build_id } = request.params;
      const { follow, offset, cursor } = request.query;
      const seen = request.headers["last-event-id"];
      const from = seen === undefined ? (cursor ?? offset ?? 0) : Number(seen) + 1;
      const build = getBuild(db, build_id);
      // An EventSource connects again after every end of a stream, until it is answered 204.
      if (seen !== undefined && isFinal(build.status) && build.nextOffset <= from) return reply.status(204).send(null);
      return streamLog(reply, build_id, from, follow === "true", requestSignal(reply, stopping));
    },
  );

  app.post(
    "/v1/templates/builds/:build_id/cancel",
    {
      schema: {
        operationId: "cancelBuild",
        summary: "Stop a build; one that has ended stays as it is",
        tags,
        params: BuildParams,
        body: CancelRequest.nullish(),
        response: { 200: StatusSnapshot, ...bodyErrorResponses(404) },
      },
    },
    async (request, reply) => {
      builds.cancel(request.params.build_id, request.body?.reason);
      return sendSnapshot(reply, builds, request.params.build_id, 0);
    },
  );

  app.post(
    "/v1/templates/builds/:build_id/retry",
    {
      links: { 202: BUILD_LINKS },
      schema: {
        operationId: "retryBuild",
        summary: "Build again from the stored definition",
        tags,
        params: BuildParams,
        body: RetryRequest.nullish(),
        response: { 202: TemplateBuild, ...bodyErrorResponses(403, 404, 409) },
      },
    },
    async (request, reply) =>
      reply
        .status(202)
        .send(await builds.retry(request.params.build_id, request.body ?? {}, requestSignal(reply, stopping))),
  );

  app.post(
    "/v1/templates/builds/:build_id/promote",
    {
      schema: {
        operationId: "promoteBuild",
        summary: "Point tags at the artifact of a finished build",
        tags,
        params: BuildParams,
        body: PromoteRequest,
        response: { 200: TemplateInfo, ...bodyErrorResponses(404, 409) },
      },
    },
    async (request) => {
      const { tag, tags: more = [] } = request.body;
      return builds.promote(request.params.build_id, tag === undefined ? more : [tag, ...more]);
    },
  );

  for (const path of refPaths("/builds")) {
    app.get(
      path,
      {
        schema: {
          operationId: "listBuilds",
          summary: "Builds of a template, newest first",
          tags,
          params: RefParams,
          querystring: ListQuery,
          response: { 200: BuildList, ...errorResponses(404) },
        },
      },
      async (request) => builds.list(getLogicalTemplate(db, request.params.ref).templateKey, request.query),
    );
  }

  function streamLog(
    reply: FastifyReply,
    buildId: string,
    offset: number,
    follow: boolean,
    signal: AbortSignal,
  ): FastifyReply {
    return sendLogStream(reply, {
      buildLog: builds.buildLog,
      buildId,
      offset,
      follow,
      isFinal: () => isFinal(getBuild(db, buildId).status),
      signal,
    });
  }
}
