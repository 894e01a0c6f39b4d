import { randomUUID } from "node:crypto";
import type { Random } from "../../unit/context/support/random.ts";
import type { Call } from "./calls.ts";
import { acknowledged, type Lane } from "./lane.ts";
import type { Tally } from "./tally.ts";

/** Size of the machines and of the members of the pool. */
export const SIZE = { vcpus: 1, memory_mb: 64 };

/** Takes machines out of a pool, or starts them, and ends them. */
export class MachineLane implements Lane {
  readonly #template: string;
  readonly #poolId: string;
  readonly #mayEnd: boolean;
  /** Machines that live, by the key of their request. */
  readonly #live = new Map<string, string>();
  #open: { create: string } | { end: string } | undefined;

  /** @param mayEnd the fault ends machines: one that is over, and said to be so, is not lost */
  constructor(template: string, poolId: string, mayEnd = false) {
    this.#template = template;
    this.#poolId = poolId;
    this.#mayEnd = mayEnd;
  }

  async step(call: Call, _random: Random, tally: Tally): Promise<void> {
    const [first] = this.#live;
    if (first !== undefined && this.#live.size > 1) {
      const [key, machineId] = first;
      this.#open = { end: key };
      acknowledged(await call("DELETE", `/v1/machines/${machineId}`), tally);
      this.#live.delete(key);
    } else {
      const key = randomUUID();
      this.#open = { create: key };
      this.#live.set(key, acknowledged(await this.#create(call, key), tally).id as string);
    }
    this.#open = undefined;
  }

  async look(call: Call, tally: Tally): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined && "create" in open) {
      // As a client does that has no answer: the same key again, twice.
      const [one, other] = [await this.#create(call, open.create), await this.#create(call, open.create)];
      const id = acknowledged(one, tally).id as string;
      if (other.body.id !== id) tally.doubled.push(`machine ${id} and ${other.body.id} of one key`);
      this.#live.set(open.create, id);
    }
    for (const [key, machineId] of this.#live) {
      const { status, body } = await call("GET", `/v1/machines/${machineId}`);
      if (open !== undefined && "end" in open && open.end === key) {
        acknowledged(await call("DELETE", `/v1/machines/${machineId}`), tally);
        this.#live.delete(key);
      } else if (status === 200 && this.#mayEnd && (body.status === "error" || body.status === "destroyed")) {
        this.#live.delete(key);
      } else if (status !== 200 || body.status !== "running") {
        tally.lost.push(`machine ${machineId}: ${status} ${body.status}`);
        this.#live.delete(key);
      }
      const query = `state=creating,running,paused&metadata=${encodeURIComponent(JSON.stringify({ key }))}`;
      const { items } = (await call("GET", `/v1/machines?${query}`)).body as { items: { id: string }[] };
      if (items.length > 1) tally.doubled.push(`machines of key ${key}: ${items.map(({ id }) => id).join(", ")}`);
    }
  }

  /** Ids of the machines that live as far as this lane knows. */
  get machines(): readonly string[] {
    return [...this.#live.values()];
  }

  #create(call: Call, key: string) {
    const body = {
      template: this.#template,
      ...SIZE,
      internet_access: false,
      metadata: { key },
      timeout_ms: 3_600_000,
      warm_pool: { id: this.#poolId, mode: "prefer" },
    };
    return call("POST", "/v1/machines", body, { "idempotency-key": key });
  }
}
