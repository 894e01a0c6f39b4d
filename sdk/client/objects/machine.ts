import {
  anyText,
  check,
  flag,
  listOf,
  object,
  oneOf,
  options as optionsOf,
  positive,
  recordOf,
  text,
  whole,
  type Members,
} from "../../arguments/index.ts";
import { RENAMED_SIZES } from "../../template/create-request.ts";
import { CALL, CALL_MEMBERS, CONNECTION_MEMBERS, FIELDS_MEMBER, MACHINE_LIST_QUERY } from "../argument-rules.ts";
import type {
  CreateMachineRequest,
  Machine as MachineInfo,
  MachineListQuery,
  WarmPoolCheckout,
} from "../../wire/machine.ts";
import { EXEC_DEFAULTS, MACHINE_DEFAULTS, PROGRAM_SIZE } from "../../wire/defaults.ts";
import {
  CHECKOUT_NAMES,
  EXEC_NAMES,
  EXEC_RESULT_NAMES,
  fromWire,
  MACHINE_NAMES,
  toWire,
} from "../../wire/member-names.ts";
import type { CheckoutPolicy } from "../../wire/warm-pool.ts";
import type { CallOptions } from "../call-options.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { FieldOptions, MachineField } from "../fields.ts";
import type { MachinePage } from "../machines.ts";
import { keepClient, withClient, type Connection, type ConnectionOptions } from "./connection.ts";

/** Templates that need more memory to be of any use. */
const HEAVY_TEMPLATES = ["code-interpreter", "desktop"];
const HEAVY_MEMORY_MIB = 2048;

/** What a machine is made of. */
export interface MachineSettings {
  /**
   * Template reference.
   *
   * @default that of the pool, without one `base`
   */
  template?: string | undefined;
  /** Pool to take it from: its id. Needed unless the mode is `bypass`. */
  warmPool?: string | undefined;
  /**
   * `prefer` a ready machine, `require` one, or `bypass` the pool.
   *
   * @default the pool's policy
   */
  warmPoolMode?: CheckoutPolicy | undefined;
  /**
   * Wait this long for a ready machine, milliseconds.
   *
   * @default the service's, no wait
   */
  warmPoolWaitMs?: number | undefined;
  /** @default those of the pool, without one 2 */
  vcpus?: number | undefined;
  /** @default that of the pool; without one 512, and 2048 for `code-interpreter` and `desktop` */
  memoryMib?: number | undefined;
  diskMb?: number | undefined;
  /**
   * Life of the machine, milliseconds.
   *
   * @default 300_000
   */
  lifetimeMs?: number | undefined;
  /**
   * What happens at its end.
   *
   * @default the service's
   */
  timeoutAction?: "destroy" | "hibernate" | undefined;
  envs?: Record<string, string> | undefined;
  metadata?: Record<string, unknown> | undefined;
  cwd?: string | undefined;
  /** @default true */
  internetAccess?: boolean | undefined;
}

/** How to run a command. */
export interface RunOptions extends CallOptions {
  args?: readonly string[] | undefined;
  /**
   * The command may take this long, seconds.
   *
   * @default 30
   */
  timeoutSecs?: number | undefined;
  cwd?: string | undefined;
  envs?: Record<string, string> | undefined;
  /**
   * Run it through the shell.
   *
   * @default the service's
   */
  shell?: boolean | undefined;
}

const MACHINE = optionsOf<MachineSettings>(
  {
    template: text,
    warmPool: text,
    warmPoolMode: oneOf("prefer", "require", "bypass"),
    warmPoolWaitMs: whole(0),
    vcpus: whole(1),
    memoryMib: whole(1),
    diskMb: whole(1),
    lifetimeMs: whole(1),
    timeoutAction: oneOf("destroy", "hibernate"),
    envs: recordOf(anyText, "texts"),
    metadata: object,
    cwd: text,
    internetAccess: flag,
  },
  { ...RENAMED_SIZES, timeoutMs: "lifetimeMs", env: "envs" },
);
const CONNECT_MEMBERS: Members<ConnectionOptions & CallOptions> = { ...CONNECTION_MEMBERS, ...CALL_MEMBERS };
const CONNECT = optionsOf<ConnectionOptions & CallOptions>(CONNECT_MEMBERS);
const CREATE = optionsOf<ConnectionOptions & CallOptions & { idempotencyKey: unknown }>({
  ...CONNECT_MEMBERS,
  idempotencyKey: text,
});
const LIST = optionsOf<ConnectionOptions & CallOptions & { fields: unknown }>({ ...CONNECT_MEMBERS, ...FIELDS_MEMBER });
const RUN = optionsOf<RunOptions>(
  {
    ...CALL_MEMBERS,
    args: listOf(anyText, "texts"),
    timeoutSecs: positive,
    cwd: text,
    envs: recordOf(anyText, "texts"),
    shell: flag,
  },
  { env: "envs" },
);

/** How a command ended. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * A running machine. Holds a connection: close it, or let `await using` do so. The machine lives on until `kill`.
 *
 * @example
 * ```ts
 * await using machine = await Machine.create({ template: "acme/web:stable", warmPool: "wp_…" });
 * const { stdout } = await machine.run("uname", { args: ["-a"] });
 * await machine.kill();
 * ```
 */
export class Machine implements AsyncDisposable {
  readonly #connection: Connection;
  #info: MachineInfo;

  private constructor(connection: Connection, info: MachineInfo) {
    this.#connection = connection;
    this.#info = info;
  }

  /** Starts a machine; it is usable when this returns. A try whose answer was lost, and the next, are one machine. */
  static async create(
    settings: MachineSettings = {},
    options: ConnectionOptions & CallOptions & { idempotencyKey?: string | undefined } = {},
  ): Promise<Machine> {
    check("Machine.create", { settings: MACHINE, options: CREATE }, { settings, options });
    const { signal, idempotencyKey } = options;
    const request = createRequest(settings);
    return keepClient(options, async (connection) => {
      return new Machine(connection, await connection.client.machines.create(request, { signal, idempotencyKey }));
    });
  }

  /** A machine by id. */
  static async get(id: string, options: ConnectionOptions & CallOptions = {}): Promise<Machine> {
    check("Machine.get", { id: text, options: CONNECT }, { id, options });
    const { signal } = options;
    return keepClient(options, async (connection) => {
      return new Machine(connection, await connection.client.machines.get(id, { signal }));
    });
  }

  /** One page of machines that match every given filter. */
  static async list<Field extends MachineField = never>(
    query: MachineListQuery = {},
    options: ConnectionOptions & CallOptions & FieldOptions<Field> = {},
  ): Promise<MachinePage<Field>> {
    check("Machine.list", { query: MACHINE_LIST_QUERY, options: LIST }, { query, options });
    const { signal, fields } = options;
    return withClient(options, (client) => client.machines.list(query, { signal, fields }));
  }

  /** `mch_…` */
  get id(): string {
    return this.#info.id;
  }

  /** Everything the service has said last about the machine; `refresh()` asks again. */
  get info(): Readonly<MachineInfo> {
    return this.#info;
  }

  /** Where the machine came from; undefined when no pool was considered. */
  get checkout(): WarmPoolCheckout | undefined {
    return this.#info.warm_pool_checkout ?? undefined;
  }

  /** Asks how the machine is. What is known of its checkout stays known. */
  async refresh(options: CallOptions = {}): Promise<MachineInfo> {
    check("Machine.refresh", { options: CALL }, { options });
    const info = await this.#connection.client.machines.get(this.id, options);
    return (this.#info = { ...info, warm_pool_checkout: info.warm_pool_checkout ?? this.#info.warm_pool_checkout });
  }

  /** Runs a command and waits for its end. One that fails is an answer (`exitCode`), not an error. */
  async run(command: string, options: RunOptions = {}): Promise<CommandResult> {
    check("Machine.run", { command: text, options: RUN }, { command, options });
    const { args, timeoutSecs = EXEC_DEFAULTS.timeout_secs, signal, timeoutMs, ...rest } = options;
    const words = args === undefined ? undefined : [...args];
    const request = toWire(EXEC_NAMES, { ...rest, command, args: words, timeoutSecs });
    const result = await this.#connection.client.machines.exec(this.id, request, { signal, timeoutMs });
    return fromWire(EXEC_RESULT_NAMES, result);
  }

  /** Destroys the machine. */
  async kill(options: CallOptions = {}): Promise<void> {
    check("Machine.kill", { options: CALL }, { options });
    await this.#connection.client.machines.delete(this.id, options);
  }

  /** What the service has said last; for logs and `JSON.stringify`. */
  toJSON(): MachineInfo {
    return this.#info;
  }

  /** Frees the connection, unless the client was yours. The machine goes on. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function createRequest(settings: MachineSettings): CreateMachineRequest {
  const { lifetimeMs = MACHINE_DEFAULTS.timeout_ms, envs = {}, metadata = {}, internetAccess = true } = settings;
  const filled = { ...settings, ...shapeOf(settings), lifetimeMs, envs, metadata, internetAccess };
  const warmPool = checkoutRequest(settings);
  return {
    ...toWire(MACHINE_NAMES, filled),
    auto_resume: false,
    ...(warmPool !== undefined && { warm_pool: warmPool }),
  };
}

/** What is left open takes what the pool has: a default of ours would make the request one that the pool cannot serve. */
function shapeOf(settings: MachineSettings): Pick<MachineSettings, "template" | "vcpus" | "memoryMib"> {
  const { template = MACHINE_DEFAULTS.template, vcpus = PROGRAM_SIZE.vcpus } = settings;
  if (settings.warmPool !== undefined && settings.warmPoolMode !== "bypass") return {};
  return { template, vcpus, memoryMib: settings.memoryMib ?? leastMemoryMib(template) };
}

function leastMemoryMib(template: string): number {
  return HEAVY_TEMPLATES.includes(template) ? HEAVY_MEMORY_MIB : PROGRAM_SIZE.memoryMib;
}

function checkoutRequest(settings: MachineSettings): CreateMachineRequest["warm_pool"] {
  const checkout = toWire(CHECKOUT_NAMES, settings);
  if (Object.keys(checkout).length === 0) return undefined;
  if (settings.warmPool === undefined && settings.warmPoolMode !== "bypass") {
    throw new InvalidArgumentError("warmPool", 'give the pool\'s id, or use warmPoolMode: "bypass"');
  }
  return checkout;
}
