import {
  CreateWarmPoolRequest,
  UpdateWarmPoolRequest,
  WarmPool,
  WarmPoolList,
  WarmPoolListQuery,
  WarmPoolStatusCounts,
} from "pulumi-nullspace/wire";
import type { FastifyRequest } from "fastify";
import * as z from "zod";
import { sizeOf, type SizeLimits } from "../../fleet/machines/size-limits.ts";
import { placementOf } from "../../fleet/pools/pool-placement.ts";
import type { PoolService } from "../../fleet/pools/pool-service.ts";
import { bodyErrorResponses, errorResponses } from "../error-responses.ts";
import { linksTo } from "../openapi-links.ts";
import { requestSignal } from "../request-signal.ts";
import type { ServiceApp } from "../service-app.ts";

const PATH = "/v1/template-warm-pools";
const Params = z.object({ id: z.string().min(1) });
const Query = WarmPoolListQuery.extend({ limit: z.coerce.number().int().min(1).max(1000).optional() });

const ACTIONS = {
  enable: "Fill the pool, and hand out its machines",
  disable: "Neither fill the pool nor hand out its machines",
  drain: "Disable the pool and end what is ready",
  reconcile: "Look at the pool at once, and answer what it is then",
} as const;

/** What can be done with a pool. */
const POOL_LINKS = linksTo(
  { id: "$response.body#/id" },
  ...["getWarmPool", "updateWarmPool", "countWarmPool", "deleteWarmPool"],
  ...Object.keys(ACTIONS).map((action) => `${action}WarmPool`),
);

/** What these routes stand on. */
export interface WarmPoolRouteOptions {
  fleet: { pools: PoolService; sizes: SizeLimits };
  stopping: AbortSignal;
  /** Makes a builtin that a reference names, if need be. */
  prepare: (ref: string, signal: AbortSignal) => Promise<void>;
}

/** Warm pools: create, list, get, update, delete, counts, and the four actions. */
export function registerWarmPoolRoutes(app: ServiceApp, { fleet, stopping, prepare }: WarmPoolRouteOptions): void {
  const { pools, sizes } = fleet;
  const tags = ["warm pools"];

  app.post(
    PATH,
    {
      preValidation: renameTemplate,
      links: { 201: POOL_LINKS },
      schema: {
        operationId: "createWarmPool",
        summary: "Keep machines of a template ready",
        tags,
        body: CreateWarmPoolRequest,
        response: { 201: WarmPool, ...bodyErrorResponses(404, 409) },
      },
    },
    async (request, reply) => {
      const signal = requestSignal(reply, stopping);
      const { resources, labels = {} } = request.body;
      await sizes.check(sizeOf(resources), signal, placementOf(labels) ?? undefined);
      await prepare(request.body.template_ref, signal);
      return reply.status(201).send(await pools.create(request.body));
    },
  );

  app.get(
    PATH,
    {
      preValidation: listLabels,
      schema: {
        operationId: "listWarmPools",
        summary: "Pools that match",
        tags,
        querystring: Query,
        response: { 200: WarmPoolList, ...errorResponses() },
      },
    },
    async (request) => ({ items: pools.list(request.query) }),
  );

  const one = { tags, params: Params };
  app.get(
    `${PATH}/:id`,
    {
      schema: {
        ...one,
        operationId: "getWarmPool",
        summary: "A pool",
        response: { 200: WarmPool, ...errorResponses(404) },
      },
    },
    async (request) => pools.get(request.params.id),
  );
  app.patch(
    `${PATH}/:id`,
    {
      preValidation: renameTemplate,
      schema: {
        ...one,
        operationId: "updateWarmPool",
        summary: "Change members of a pool",
        body: UpdateWarmPoolRequest,
        response: { 200: WarmPool, ...bodyErrorResponses(404, 409) },
      },
    },
    async (request, reply) => {
      const { template_ref: ref } = request.body;
      const signal = requestSignal(reply, stopping);
      const asked = pools.sizeAfter(request.params.id, request.body);
      if (asked !== undefined) await sizes.check(asked.size, signal, asked.placement);
      if (ref !== undefined) await prepare(ref, signal);
      return pools.update(request.params.id, request.body);
    },
  );
  app.delete(
    `${PATH}/:id`,
    {
      schema: {
        ...one,
        operationId: "deleteWarmPool",
        summary: "Drain a pool and delete it",
        response: { 200: WarmPool, ...bodyErrorResponses(404) },
      },
    },
    async (request) => pools.delete(request.params.id),
  );
  app.get(
    `${PATH}/:id/status`,
    {
      schema: {
        ...one,
        operationId: "countWarmPool",
        summary: "Members of a pool by what they are doing",
        response: { 200: WarmPoolStatusCounts, ...errorResponses(404) },
      },
    },
    async (request) => ({ ...pools.status(request.params.id) }),
  );
  for (const [action, summary] of Object.entries(ACTIONS) as [keyof typeof ACTIONS, string][]) {
    const response = { 200: WarmPool, ...bodyErrorResponses(404, 409) };
    app.post(
      `${PATH}/:id/${action}`,
      { schema: { ...one, operationId: `${action}WarmPool`, summary, response } },
      async (request) => pools[action](request.params.id),
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
