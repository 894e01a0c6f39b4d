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
import { z } from "zod";
import { MAX_CONTEXT_BODY_BYTES } from "../../blobs/blob-limits.ts";
import { getBuild, isFinal } from "../../builds/build-record.ts";
import type { BuildService } from "../../builds/build-service.ts";
import { ServiceError } from "../../errors.ts";
import type { ServiceDeps } from "../../service-deps.ts";
import { getLogicalTemplate } from "../../templates/logical-template.ts";
import { describeRef } from "../../templates/template-view.ts";
import { ERROR_RESPONSES } from "../error-responses.ts";
import { sendLogStream } from "../event-stream.ts";
import { BuildParams, RefParams, refPaths } from "../ref-params.ts";
import { requestSignal } from "../request-signal.ts";
import type { ServiceApp } from "../service-app.ts";

const Offset = z.coerce.number().int().min(0);
const EventStream = { content: { "text/event-stream": { schema: z.string().describe("Frames of LogEntry") } } };

/** Builds: start (three ways), status, logs, cancel, retry, promote, history. */
export function registerBuildRoutes(app: ServiceApp, { db, stopping }: ServiceDeps, builds: BuildService): void {
  const tags = ["builds"];
  const errors = ERROR_RESPONSES;

  app.post(
    "/v1/templates/build",
    {
      bodyLimit: MAX_CONTEXT_BODY_BYTES,
      schema: { tags, body: CreateTemplateRequest, response: { 200: EventStream, ...errors } },
    },
    async (request, reply) => {
      const signal = requestSignal(reply, stopping);
      const { build_id } = await builds.start(request.body, signal);
      return streamLog(reply, build_id, 0, true, signal);
    },
  );

  app.post(
    "/v1/templates/builds",
    {
      bodyLimit: MAX_CONTEXT_BODY_BYTES,
      schema: { tags, body: CreateTemplateRequest, response: { 202: TemplateBuild, ...errors } },
    },
    async (request, reply) => reply.status(202).send(await builds.start(request.body, requestSignal(reply, stopping))),
  );

  app.post(
    "/v1/templates",
    {
      bodyLimit: MAX_CONTEXT_BODY_BYTES,
      schema: { tags, deprecated: true, body: CreateTemplateRequest, response: { 201: TemplateInfo, ...errors } },
    },
    async (request, reply) => {
      const signal = requestSignal(reply, stopping);
      const { build_id, template_id } = await builds.start(request.body, signal);
      await builds.waitUntilFinal(build_id, signal);
      const build = builds.snapshot(build_id, Number.MAX_SAFE_INTEGER).build;
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
    "/v1/templates/builds/:build_id",
    {
      schema: {
        tags,
        params: BuildParams,
        querystring: z.object({ offset: Offset.default(0) }),
        response: { 200: StatusSnapshot, ...errors },
      },
    },
    async (request) => builds.snapshot(request.params.build_id, request.query.offset),
  );

  app.get(
    "/v1/templates/builds/:build_id/logs",
    {
      schema: {
        tags,
        params: BuildParams,
        querystring: z.object({
          follow: z.enum(["true", "false"]).default("false"),
          offset: Offset.optional(),
          cursor: Offset.optional().describe("The same as offset; it wins"),
        }),
        response: { 200: EventStream, ...errors },
      },
    },
    async (request, reply) => {
      const { build_id } = request.params;
      const { follow, offset, cursor } = request.query;
      getBuild(db, build_id);
      return streamLog(reply, build_id, cursor ?? offset ?? 0, follow === "true", requestSignal(reply, stopping));
    },
  );

  app.post(
    "/v1/templates/builds/:build_id/cancel",
    {
      schema: {
        tags,
        params: BuildParams,
        body: CancelRequest.nullish(),
        response: { 200: StatusSnapshot, ...errors },
      },
    },
    async (request) => builds.cancel(request.params.build_id, request.body?.reason),
  );

  app.post(
    "/v1/templates/builds/:build_id/retry",
    {
      schema: { tags, params: BuildParams, body: RetryRequest.nullish(), response: { 202: TemplateBuild, ...errors } },
    },
    async (request, reply) =>
      reply
        .status(202)
        .send(await builds.retry(request.params.build_id, request.body ?? {}, requestSignal(reply, stopping))),
  );

  app.post(
    "/v1/templates/builds/:build_id/promote",
    { schema: { tags, params: BuildParams, body: PromoteRequest, response: { 200: TemplateInfo, ...errors } } },
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
          tags,
          params: RefParams,
          querystring: BuildListQuery.extend({ limit: z.coerce.number().int().min(1).max(100).optional() }),
          response: { 200: BuildList, ...errors },
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
