import {
  CreateWarmPoolRequest,
  UpdateWarmPoolRequest,
  WarmPool,
  WarmPoolList,
  WarmPoolListQuery,
  WarmPoolStatusCounts,
} from "pulumi-nullspace/wire";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { PoolService } from "../../pools/pool-service.ts";
import { ERROR_RESPONSES } from "../error-responses.ts";
import { requestSignal } from "../request-signal.ts";
import type { ServiceApp } from "../service-app.ts";

const PATH = "/v1/template-warm-pools";
const Params = z.object({ id: z.string().min(1) });
const Query = WarmPoolListQuery.extend({ limit: z.coerce.number().int().min(1).max(1000).optional() });

/** What these routes stand on. */
export interface WarmPoolRouteOptions {
  fleet: { pools: PoolService };
  stopping: AbortSignal;
  /** Makes a builtin that a reference names, if need be. */
  prepare: (ref: string, signal: AbortSignal) => Promise<void>;
}

/** Warm pools: create, list, get, update, delete, counts, and the four actions. */
export function registerWarmPoolRoutes(app: ServiceApp, { fleet, stopping, prepare }: WarmPoolRouteOptions): void {
  const { pools } = fleet;
  const tags = ["warm pools"];
  const errors = ERROR_RESPONSES;

  app.post(
    PATH,
    {
      preValidation: renameTemplate,
      schema: { tags, body: CreateWarmPoolRequest, response: { 201: WarmPool, ...errors } },
    },
    async (request, reply) => {
      await prepare(request.body.template_ref, requestSignal(reply, stopping));
      return reply.status(201).send(await pools.create(request.body));
    },
  );

  app.get(
    PATH,
    { preValidation: listLabels, schema: { tags, querystring: Query, response: { 200: WarmPoolList, ...errors } } },
    async (request) => ({ items: pools.list(request.query) }),
  );

  const one = { tags, params: Params };
  app.get(`${PATH}/:id`, { schema: { ...one, response: { 200: WarmPool, ...errors } } }, async (request) =>
    pools.get(request.params.id),
  );
  app.patch(
    `${PATH}/:id`,
    {
      preValidation: renameTemplate,
      schema: { ...one, body: UpdateWarmPoolRequest, response: { 200: WarmPool, ...errors } },
    },
    async (request, reply) => {
      const { template_ref: ref } = request.body;
      if (ref !== undefined) await prepare(ref, requestSignal(reply, stopping));
      return pools.update(request.params.id, request.body);
    },
  );
  app.delete(`${PATH}/:id`, { schema: { ...one, response: { 200: WarmPool, ...errors } } }, async (request) =>
    pools.delete(request.params.id),
  );
  app.get(
    `${PATH}/:id/status`,
    { schema: { ...one, response: { 200: WarmPoolStatusCounts, ...errors } } },
    async (request) => ({ ...pools.status(request.params.id) }),
  );
  for (const action of ["enable", "disable", "drain", "reconcile"] as const) {
    app.post(`${PATH}/:id/${action}`, { schema: { ...one, response: { 200: WarmPool, ...errors } } }, async (request) =>
      pools[action](request.params.id),
    );
  }
}

/** `template` is an old name of `template_ref`; the new one wins. */
async function renameTemplate(request: FastifyRequest): Promise<void> {
  const body = request.body;
  if (body === null || typeof body !== "object" || !("template" in body)) return;
  const { template, ...rest } = body;
  request.body = { template_ref: template, ...rest };
}

/** One `label=` arrives as a string, several as an array. */
async function listLabels(request: FastifyRequest): Promise<void> {
  const query = request.query as Record<string, unknown>;
  if (typeof query.label === "string") query.label = [query.label];
}
