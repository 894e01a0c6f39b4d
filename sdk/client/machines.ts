import { options as optionsOf, check, object, text } from "../arguments/index.ts";
import { CALL_MEMBERS, CALL, CALL_WITH_FIELDS, MACHINE_LIST_QUERY } from "./argument-rules.ts";
import { randomUUID } from "node:crypto";
import type {
  ExecResult,
  Machine,
  MachineList,
  MachineListItem,
  CreateMachineRequest,
  ExecRequest,
  MachineListQuery,
} from "../wire/machine.ts";
import { EXEC_DEFAULTS } from "../wire/defaults.ts";
import { pickCallOptions, type CallOptions } from "./call-options.ts";
import { fieldsQuery, type Answered, type FieldOptions, type MachineField } from "./fields.ts";
import { path } from "./path.ts";
import { pickSchema } from "./pick-schema.ts";
import type { Transport } from "./transport.ts";

/** A machine may be started cold while the caller waits. */
const CREATE_TIMEOUT_MS = 120_000;
/** The service answers when the command has ended, and a little after. */
const EXEC_GRACE_MS = 30_000;
/** What the service says while the machine or its host is between two states. */
const TRANSITION_CODES = ["transition_in_progress", "transition_recovery_required"];
const CREATE_ATTEMPTS = 30;
const PROOF = "x-nullspace-dispatch-proof";
/** Proofs speed up a service's routing of calls; the oldest is forgotten first, and a call without one still works. */
const MAX_PROOFS = 1_000;

/** One page of machines, each with the members that were asked for. */
export type MachinePage<Field extends MachineField = never> = Omit<MachineList, "items"> & {
  has_next: boolean;
  next_token?: string | null | undefined;
  items: Answered<MachineListItem, Field>[];
};

const CREATE = optionsOf<CallOptions & { idempotencyKey: unknown }>({ ...CALL_MEMBERS, idempotencyKey: text });

/**
 * Running machines.
 *
 * @example
 * ```ts
 * await using client = new NullspaceClient();
 * const { id } = await client.machines.create({ template: "acme/web:stable" });
 * const { stdout } = await client.machines.exec(id, { command: "uname", args: ["-a"] });
 * await client.machines.delete(id);
 * ```
 */
export class MachinesApi {
  readonly #transport: Transport;
  readonly #proofs = new Map<string, string>();

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Starts a machine, from a warm pool if asked; it is usable when this returns. The idempotency key makes a try whose
   * answer was lost, and the one after it, one machine.
   */
  async create(
    request: CreateMachineRequest,
    options: CallOptions & {
      /**
       * Two calls with the same key make one machine.
       *
       * @default a fresh one for this call
       */
      idempotencyKey?: string | undefined;
    } = {},
  ): Promise<Machine> {
    check("machines.create", { request: object, options: CREATE }, { request, options });
    const { value, headers } = await this.#transport.jsonWithHeaders(
      {
        what: `create a machine of ${request.template ?? "base"}`,
        method: "POST",
        path: "/v1/machines",
        body: request,
        headers: { "idempotency-key": options.idempotencyKey ?? randomUUID() },
        retryCodes: TRANSITION_CODES,
        maxAttempts: CREATE_ATTEMPTS,
        timeoutMs: options.timeoutMs ?? CREATE_TIMEOUT_MS + (request.warm_pool?.wait_ms ?? 0),
        signal: options.signal,
      },
      (wire) => wire.Machine,
    );
    const proof = headers[PROOF];
    if (typeof proof === "string") this.#remember(value.id, proof);
    return value;
  }

  /** A machine by id. */
  async get<Field extends MachineField = never>(
    id: string,
    options: CallOptions & FieldOptions<Field> = {},
  ): Promise<Answered<Machine, Field>> {
    check("machines.get", { id: text, options: CALL_WITH_FIELDS }, { id, options });
    const { fields } = options;
    return this.#transport.json(
      {
        what: `read machine ${id}`,
        method: "GET",
        path: path`/v1/machines/${id}`,
        query: fieldsQuery(fields),
        ...pickCallOptions(options),
      },
      (wire) => pickSchema(wire.Machine, fields),
    );
  }

  /** One page of machines that match every given filter. */
  async list<Field extends MachineField = never>(
    query: MachineListQuery = {},
    options: CallOptions & FieldOptions<Field> = {},
  ): Promise<MachinePage<Field>> {
    check("machines.list", { query: MACHINE_LIST_QUERY, options: CALL_WITH_FIELDS }, { query, options });
    const { fields } = options;
    const answer = await this.#transport.json(
      {
        what: "list machines",
        method: "GET",
        path: "/v1/machines",
        query: { ...query, ...fieldsQuery(fields) },
        ...pickCallOptions(options),
      },
      (wire) => {
        const items = pickSchema(wire.MachineListItem, fields).array();
        return wire.MachineList.extend({ items }).or(items);
      },
    );
    return Array.isArray(answer) ? { items: answer, has_next: false } : answer;
  }

  /** Destroys a machine. */
  async delete(id: string, options: CallOptions = {}): Promise<void> {
    check("machines.delete", { id: text, options: CALL }, { id, options });
    this.#proofs.delete(id);
    await this.#transport.done({
      what: `delete machine ${id}`,
      method: "DELETE",
      path: path`/v1/machines/${id}`,
      ...pickCallOptions(options),
    });
  }

  /** Runs a command and waits for its end. A command that fails is an answer (`exit_code`), not an error. */
  async exec(id: string, request: ExecRequest, options: CallOptions = {}): Promise<ExecResult> {
    check("machines.exec", { id: text, request: object, options: CALL }, { id, request, options });
    const proof = this.#proofs.get(id);
    const commandMs = (request.timeout_secs ?? EXEC_DEFAULTS.timeout_secs) * 1000;
    return this.#transport.json(
      {
        what: `run a command in machine ${id}`,
        method: "POST",
        path: path`/v1/machines/${id}/exec`,
        body: { background: false, ...request },
        ...(proof !== undefined && { headers: { [PROOF]: proof } }),
        timeoutMs: options.timeoutMs ?? commandMs + EXEC_GRACE_MS,
        signal: options.signal,
      },
      (wire) => wire.ExecResult,
    );
  }

  #remember(id: string, proof: string): void {
    this.#proofs.set(id, proof);
    const oldest = this.#proofs.size > MAX_PROOFS ? this.#proofs.keys().next().value : undefined;
    if (oldest !== undefined) this.#proofs.delete(oldest);
  }
}
