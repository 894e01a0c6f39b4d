import { z } from "zod";
import { InvalidRequestError } from "../../errors.ts";
import { MACHINE_STATUSES, type MachineFilter, type MachineState } from "../../store/machines.ts";

/** Machines of a page unless the query says otherwise. */
const DEFAULT_PAGE_SIZE = 100;

/** What a list shows unless it is asked for more: machines that are not over. */
const LIVE: readonly MachineState[] = ["creating", "running", "paused"];

/** Members that `fields` may name. */
const FIELDS = new Set([
  "id",
  "template",
  "status",
  "config",
  "created_at",
  "metadata",
  "started_at",
  "timeout_ms",
  "timeout_action",
  "timeout_at",
  "expires_at",
  "remaining_ms",
  "last_active_at",
  "cwd",
  "inactivity_timeout_ms",
  "auto_delete_after_ms",
  "ephemeral",
  "warm_pool_checkout",
]);

const MetadataFilter = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** The list's query, read. */
export interface MachineListWish {
  readonly filter: Omit<MachineFilter, "limit">;
  readonly pageSize: number;
  readonly fields: ReadonlySet<string> | undefined;
}

/** Reads the query of a list. @throws InvalidRequestError naming the parameter */
export function readMachineListQuery(query: {
  state?: string | undefined;
  template?: string | undefined;
  metadata?: string | undefined;
  limit?: number | undefined;
  next_token?: string | undefined;
  fields?: string | undefined;
}): MachineListWish {
  return {
    filter: {
      statuses: readStatuses(query.state),
      ...(query.template !== undefined && { template: query.template }),
      ...(query.metadata !== undefined && { metadata: readMetadata(query.metadata) }),
      ...(query.next_token !== undefined && { afterId: query.next_token }),
    },
    pageSize: query.limit ?? DEFAULT_PAGE_SIZE,
    fields: readFields(query.fields),
  };
}

/** Only the members asked for; all when none were. */
export function pickMachineFields<T extends object>(machine: T, fields: ReadonlySet<string> | undefined): T {
  if (fields === undefined) return machine;
  return Object.fromEntries(Object.entries(machine).filter(([name]) => fields.has(name))) as T;
}

function readStatuses(text: string | undefined): readonly MachineState[] {
  if (text === undefined) return LIVE;
  const words = text.split(",").map((word) => word.trim());
  const unknown = words.filter((word) => !(MACHINE_STATUSES as readonly string[]).includes(word));
  if (unknown.length === 0) return words as MachineState[];
  throw new InvalidRequestError(
    `state: there is no "${unknown.join('", "')}". Choose from ${MACHINE_STATUSES.join(", ")}.`,
  );
}

function readMetadata(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidRequestError(`metadata: ${text} is not JSON.`, { cause: error });
  }
  const parsed = MetadataFilter.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidRequestError("metadata: must be a JSON object whose values are strings, numbers, booleans or null.");
}

function readFields(text: string | undefined): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined;
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !FIELDS.has(name));
  if (unknown.length === 0) return new Set(names);
  throw new InvalidRequestError(
    `fields: there is no "${unknown.join('", "')}". Choose from ${[...FIELDS].join(", ")}.`,
    {
      code: "invalid_fields",
    },
  );
}
