import {
  CreateMachineRequest,
  ErrorEnvelope,
  ExecRequest,
  ExecResult,
  Machine,
  MachineListItem,
} from "pulumi-nullspace/wire";
import { z } from "zod";
import { ServiceError } from "../../errors.ts";
import type { MachineCreator } from "../../machines/create-machine.ts";
import { machineAnswer, machineConfig } from "../../machines/machine-answer.ts";
import type { MachineDriver } from "../../machines/machine-driver.ts";
import { pickMachineFields, readMachineListQuery } from "../../machines/machine-list.ts";
import { DEFAULT_TEMPLATE } from "../../machines/machine-request.ts";
import type { MachineService } from "../../machines/machine-service.ts";
import {
  BackgroundProcess,
  killProcess,
  listProcesses,
  ProcessLogs,
  readProcessLogs,
  writeToProcess,
} from "../../machines/processes.ts";
import { runCommand } from "../../machines/run-command.ts";
import { ERROR_RESPONSES } from "../error-responses.ts";
import { requestSignal } from "../request-signal.ts";
import type { ServiceApp } from "../service-app.ts";

const Params = z.object({ id: z.string().min(1) });
const ProcessParams = Params.extend({ pid: z.coerce.number().int().positive() });
const Fields = z.string().optional().describe("Comma-separated members to answer");
const ListQuery = z.object({
  state: z.string().optional().describe("Statuses, comma between them; default creating,running,paused"),
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

/** What these routes stand on. */
export interface MachineRouteOptions {
  fleet: { machines: MachineService; creator: MachineCreator; driver: MachineDriver };
  stopping: AbortSignal;
  /** Makes a builtin that a reference names, if need be. */
  prepare: (ref: string, signal: AbortSignal) => Promise<void>;
  /** Where they are served. */
  path: string;
}

/** Machines: create, get, list, destroy, timeout, resume, commands, background processes. */
export function registerMachineRoutes(app: ServiceApp, { fleet, stopping, prepare, path }: MachineRouteOptions): void {
  const { machines, creator, driver } = fleet;
  const tags = ["machines"];
  const errors = { ...ERROR_RESPONSES, 429: ErrorEnvelope, 502: ErrorEnvelope, 504: ErrorEnvelope };
  const one = { tags, params: Params };

  app.post(
    path,
    { schema: { tags, headers: CreateHeaders, body: CreateMachineRequest, response: { 201: Machine, ...errors } } },
    async (request, reply) => {
      const { template, warm_pool: pool } = request.body;
      if (template !== undefined || pool?.id === undefined) {
        await prepare(template ?? DEFAULT_TEMPLATE, requestSignal(reply, stopping));
      }
      // Not ended by a caller that hangs up: with the same key it comes back for the machine.
      const machine = await creator.create(request.headers["idempotency-key"], request.body);
      return reply.status(201).send(machineAnswer(machine, Date.now()));
    },
  );

  app.get(
    path,
    { schema: { tags, querystring: ListQuery, response: { 200: ListAnswer, ...errors } } },
    async (request) => {
      const { filter, pageSize, fields } = readMachineListQuery(request.query);
      // One more than the page tells whether there is another.
      const rows = machines.list({ ...filter, limit: pageSize + 1 });
      const page = rows.slice(0, pageSize);
      const last = page.at(-1);
      const nowMs = Date.now();
      return {
        items: page.map((row) => pickMachineFields(machineAnswer(row, nowMs), fields)),
        has_next: rows.length > pageSize,
        ...(rows.length > pageSize && last !== undefined && { next_token: last.machineId }),
      };
    },
  );

  app.get(
    `${path}/:id`,
    { schema: { ...one, querystring: z.object({ fields: Fields }), response: { 200: Machine.partial(), ...errors } } },
    async (request) => {
      const { fields } = readMachineListQuery(request.query);
      return pickMachineFields(machineAnswer(machines.get(request.params.id), Date.now()), fields);
    },
  );

  app.delete(
    `${path}/:id`,
    { schema: { ...one, response: { 200: z.object({ id: z.string(), status: z.string() }), ...errors } } },
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
        body: ExecRequest,
        response: { 200: z.union([ExecResult, z.object({ pid: z.int() })]), ...errors },
      },
    },
    async (request, reply) =>
      runCommand({ service: machines, driver }, request.params.id, request.body, requestSignal(reply, stopping)),
  );

  app.post(
    `${path}/:id/timeout`,
    { schema: { ...one, body: TimeoutRequest, response: { 200: TimeoutAnswer, ...errors } } },
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
    `${path}/:id/resume`,
    { schema: { ...one, response: { 200: ResumeAnswer, ...errors } } },
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

  const guestOf = (id: string) => machines.running(id, "show its processes").guest.guestId;
  app.get(
    `${path}/:id/processes`,
    { schema: { ...one, response: { 200: z.array(BackgroundProcess), ...errors } } },
    async (request) => listProcesses(driver, guestOf(request.params.id)),
  );
  const process = { tags, params: ProcessParams };
  app.get(
    `${path}/:id/processes/:pid/logs`,
    { schema: { ...process, response: { 200: ProcessLogs, ...errors } } },
    async (request) => readProcessLogs(driver, guestOf(request.params.id), request.params.pid),
  );
  app.post(
    `${path}/:id/processes/:pid/kill`,
    { schema: { ...process, response: { 204: Nothing, ...errors } } },
    async (request, reply) => {
      await killProcess(driver, guestOf(request.params.id), request.params.pid);
      return reply.status(204).send(null);
    },
  );
  app.post(
    `${path}/:id/processes/:pid/stdin`,
    { schema: { ...process, body: z.object({ data: z.string() }), response: { 204: Nothing, ...errors } } },
    async (request, reply) => {
      await writeToProcess(driver, guestOf(request.params.id), request.params.pid, request.body.data);
      return reply.status(204).send(null);
    },
  );

  app.get(`${path}/:id/ws`, { schema: { ...one, response: { 501: ErrorEnvelope, ...errors } } }, async () => {
    throw new ServiceError("The local service does not stream the output of a command.", {
      code: "not_implemented",
      status: 501,
      retryable: false,
      suggestedAction: "Run the command without output callbacks, or in the background and read its logs.",
    });
  });
}
