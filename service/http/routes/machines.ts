import {
  CreateMachineRequest,
  ExecRequest,
  ExecResult,
  Machine,
  MACHINE_DEFAULTS,
  MACHINE_FIELDS,
  MachineListItem,
} from "pulumi-nullspace/wire";
import * as z from "zod";
import type { MachineCreator } from "../../fleet/machines/create-machine.ts";
import {
  machineAnswer,
  machineConfig,
  readMachineListQuery,
  writeNextToken,
} from "../../fleet/machines/machine-json.ts";
import { MachineStartFailedError } from "../../fleet/machines/errors.ts";
import type { MachineDriver } from "../../fleet/guests/machine-driver.ts";
import { portAddress } from "../../fleet/machines/host.ts";
import type { LiveCommands } from "../../fleet/machines/live-commands.ts";
import type { MachineService } from "../../fleet/machines/machine-service.ts";
import {
  BackgroundProcess,
  killProcess,
  listProcesses,
  ProcessLogs,
  readProcessLogs,
  writeToProcess,
} from "../../fleet/machines/processes.ts";
import { runCommand } from "../../fleet/machines/run-command.ts";
import type { PoolService } from "../../fleet/pools/pool-service.ts";
import { sizeOf, type SizeLimits } from "../../fleet/machines/size-limits.ts";
import { bodyErrorResponses, errorResponses } from "../error-responses.ts";
import { pickFields, readFields } from "../fields.ts";
import { linksTo } from "../openapi-links.ts";
import { registerMachineFileRoutes } from "./machine-files.ts";
import { requestSignal } from "../request-signal.ts";
import type { ServiceApp } from "../service-app.ts";

const Params = z.object({ id: z.string().min(1) });
const ProcessParams = Params.extend({ pid: z.coerce.number().int().positive() });
const Fields = z.string().optional().describe("Comma-separated members to answer");
const ListQuery = z.object({
  state: z.string().optional().describe("Statuses, separated by commas; default creating,running,paused"),
  template: z.string().optional(),
  metadata: z.string().optional().describe("JSON object; every member must match"),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  next_token: z.string().min(1).optional(),
  fields: Fields,
});
const ListAnswer = z.object({
  items: z.array(MachineListItem.partial()),
  has_next: z.boolean(),
  next_token: z.string().optional(),
});
/** Without the header a lost answer would leave a machine that nobody knows. */
const CreateHeaders = z.object({
  "idempotency-key": z.string({ error: "is required on machine create" }).min(1).max(255),
});
const TimeoutRequest = z.object({
  timeout_ms: z.int().min(1),
  timeout_action: z.enum(["destroy", "hibernate"]).nullish(),
});
const TimeoutAnswer = z.object({
  timeout_ms: z.int(),
  timeout_action: z.string(),
  timeout_at: z.string().optional(),
  remaining_ms: z.int().optional(),
});
const ResumeAnswer = z.object({
  id: z.string(),
  status: z.string(),
  config: Machine.shape.config,
  cwd: z.string().optional(),
});
const Nothing = z.null().describe("Done");

/** All members, or those that were asked for. */
const MachineMembers = Machine.partial().meta({ id: "MachineMembers" });

/** What can be done with a machine. */
const MACHINE_LINKS = linksTo(
  { id: "$response.body#/id" },
  ...["getMachine", "execInMachine", "setMachineTimeout", "resumeMachine", "listProcesses", "destroyMachine"],
);

/** What these routes stand on. */
export interface MachineRouteOptions {
  fleet: {
    machines: MachineService;
    creator: MachineCreator;
    driver: MachineDriver;
    sizes: SizeLimits;
    pools: Pick<PoolService, "placement">;
  };
  stopping: AbortSignal;
  /** Makes a builtin that a reference names, if need be. */
  prepare: (ref: string, signal: AbortSignal) => Promise<void>;
  /** Commands that are streamed to somebody. */
  live: LiveCommands;
  /** Where they are served. */
  path: string;
}

/** Machines: create, get, list, destroy, timeout, resume, commands, background processes. */
export function registerMachineRoutes(
  app: ServiceApp,
  { fleet, stopping, prepare, live, path }: MachineRouteOptions,
): void {
  const { machines, creator, driver, sizes } = fleet;
  const access = { service: machines, driver };
  const tags = ["machines"];
  const one = { tags, params: Params };

  app.post(
    path,
    {
      links: { 201: MACHINE_LINKS },
      schema: {
        operationId: "createMachine",
        summary: "Start a machine, or take one from a pool",
        tags,
        headers: CreateHeaders,
        body: CreateMachineRequest,
        response: { 201: Machine, ...bodyErrorResponses(404, 409, 429, 501) },
      },
    },
    async (request, reply) => {
      const { template, warm_pool: pool } = request.body;
      const placement = pool?.id === undefined ? undefined : fleet.pools.placement(pool.id);
      await sizes.check(sizeOf(request.body), requestSignal(reply, stopping), placement);
      const create = async () => {
        if (template !== undefined || pool?.id === undefined) {
          await prepare(template ?? MACHINE_DEFAULTS.template, requestSignal(reply, stopping));
        }
        // Not ended by a caller that hangs up: with the same key it comes back for the machine.
        return creator.create(request.headers["idempotency-key"], request.body);
      };
      const machine = await create().catch((error: unknown) => {
        // It is known now that the image has gone: a builtin is made again, of any other the caller is told so.
        if (error instanceof MachineStartFailedError && error.isImageMissing) return create();
        throw error;
      });
      return reply.status(201).send(machineAnswer(machine, Date.now()));
    },
  );

  app.get(
    path,
    {
      schema: {
        operationId: "listMachines",
        summary: "Machines that match, newest first",
        tags,
        querystring: ListQuery,
        response: { 200: ListAnswer, ...errorResponses() },
      },
    },
    async (request) => {
      const { filter, pageSize } = readMachineListQuery(request.query);
      const fields = readFields(request.query.fields, MACHINE_FIELDS);
      // One more than the page tells whether there is another.
      const rows = machines.list({ ...filter, limit: pageSize + 1 });
      const page = rows.slice(0, pageSize);
      const last = page.at(-1);
      const nowMs = Date.now();
      return {
        items: page.map((row) => pickFields(machineAnswer(row, nowMs), fields)),
        has_next: rows.length > pageSize,
        ...(rows.length > pageSize && last !== undefined && { next_token: writeNextToken(last) }),
      };
    },
  );

  app.get(
    `${path}/:id`,
    {
      schema: {
        ...one,
        operationId: "getMachine",
        summary: "A machine",
        querystring: z.object({ fields: Fields }),
        response: { 200: MachineMembers, ...errorResponses(404) },
      },
    },
    async (request) => {
      const fields = readFields(request.query.fields, MACHINE_FIELDS);
      return pickFields(machineAnswer(machines.get(request.params.id), Date.now()), fields);
    },
  );

  app.delete(
    `${path}/:id`,
    {
      schema: {
        ...one,
        operationId: "destroyMachine",
        summary: "End a machine",
        response: { 200: z.object({ id: z.string(), status: z.string() }), ...bodyErrorResponses(404) },
      },
    },
    async (request) => {
      const { machineId, status } = await machines.destroy(request.params.id);
      return { id: machineId, status };
    },
  );

  app.post(
    `${path}/:id/exec`,
    {
      schema: {
        ...one,
        operationId: "execInMachine",
        summary: "Run a command in a machine",
        body: ExecRequest,
        response: {
          200: z.union([ExecResult, z.object({ pid: z.int() })]),
          ...bodyErrorResponses(404, 409, 502, 504),
        },
      },
    },
    async (request, reply) => runCommand(access, request.params.id, request.body, requestSignal(reply, stopping)),
  );

  app.post(
    `${path}/:id/timeout`,
    {
      schema: {
        ...one,
        operationId: "setMachineTimeout",
        summary: "Set how long a machine lives from now on",
        body: TimeoutRequest,
        response: { 200: TimeoutAnswer, ...bodyErrorResponses(404, 409) },
      },
    },
    async (request) => {
      const { timeout_ms: timeoutMs, timeout_action: action } = request.body;
      const { timeout_at, remaining_ms } = machineAnswer(
        machines.setTimeout(request.params.id, timeoutMs, action ?? undefined),
        Date.now(),
      );
      const { timeoutAction } = machines.get(request.params.id);
      return {
        timeout_ms: timeoutMs,
        timeout_action: timeoutAction,
        ...(timeout_at != null && { timeout_at }),
        ...(remaining_ms != null && { remaining_ms }),
      };
    },
  );

  app.post(
    `${path}/:id/host`,
    {
      schema: {
        ...one,
        operationId: "getMachineHost",
        summary: "Where a port of a machine is reached, in the engine's own network",
        body: z.object({ port: z.int().min(1).max(65_535) }),
        response: { 200: z.object({ host: z.string(), url: z.string() }), ...bodyErrorResponses(404, 409) },
      },
    },
    async ({ params, body }, reply) => portAddress(access, params.id, body.port, requestSignal(reply, stopping)),
  );

  app.post(
    `${path}/:id/resume`,
    {
      schema: {
        ...one,
        operationId: "resumeMachine",
        summary: "Wake a paused machine",
        response: { 200: ResumeAnswer, ...bodyErrorResponses(404, 409) },
      },
    },
    async (request) => {
      const machine = await machines.resume(request.params.id);
      return {
        id: machine.machineId,
        status: machine.status,
        config: machineConfig(machine),
        ...(machine.cwd !== null && { cwd: machine.cwd }),
      };
    },
  );

  registerMachineFileRoutes(app, { access, stopping, path });

  const guestOf = (id: string) => machines.running(id, "show its processes").guest.guestId;
  app.get(
    `${path}/:id/processes`,
    {
      schema: {
        ...one,
        operationId: "listProcesses",
        summary: "Background processes of a machine",
        response: { 200: z.array(BackgroundProcess), ...errorResponses(404, 409, 502) },
      },
    },
    async ({ params }) => [...(await listProcesses(driver, guestOf(params.id))), ...live.list(params.id)],
  );
  const process = { tags, params: ProcessParams };
  app.get(
    `${path}/:id/processes/:pid/logs`,
    {
      schema: {
        ...process,
        operationId: "getProcessLogs",
        summary: "What a background process wrote",
        response: { 200: ProcessLogs, ...errorResponses(404, 409, 502) },
      },
    },
    async ({ params: { id, pid } }) => live.get(id, pid)?.logs() ?? readProcessLogs(driver, guestOf(id), pid),
  );
  app.post(
    `${path}/:id/processes/:pid/kill`,
    {
      schema: {
        ...process,
        operationId: "killProcess",
        summary: "End a background process",
        response: { 204: Nothing, ...bodyErrorResponses(404, 409, 502) },
      },
    },
    async ({ params: { id, pid } }, reply) => {
      const command = live.get(id, pid);
      if (command === undefined) await killProcess(driver, guestOf(id), pid);
      else command.kill();
      return reply.status(204).send(null);
    },
  );
  app.post(
    `${path}/:id/processes/:pid/stdin`,
    {
      schema: {
        ...process,
        operationId: "writeToProcess",
        summary: "Write to the input of a background process",
        body: z.object({ data: z.string() }),
        response: { 204: Nothing, ...bodyErrorResponses(404, 409, 502) },
      },
    },
    async ({ params: { id, pid }, body }, reply) => {
      const command = live.get(id, pid);
      if (command === undefined) await writeToProcess(driver, guestOf(id), pid, body.data);
      else command.write(body.data);
      return reply.status(204).send(null);
    },
  );
}
