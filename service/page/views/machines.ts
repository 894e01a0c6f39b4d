import { parseTemplateRef } from "pulumi-nullspace/wire";
import { InvalidRequestError, ResourceNotFoundError } from "../../errors.ts";
import type { Database } from "../../store/database.ts";
import { MACHINE_STATUSES, MachineStore, type MachineRow, type MachineState } from "../../store/machines.ts";
import { findLogicalTemplate } from "../../templates/logical-template.ts";
import { numberOf, pageOf, type Listed } from "./cursor.ts";

/** Machines of a page. */
const MACHINES = 50;

const LIVE: readonly MachineState[] = ["creating", "running", "paused"];

/** What a machine is. */
export type ShownMachineState = MachineState;

/** A machine in the list. */
export interface MachineLine {
  machineId: string;
  state: MachineState;
  /** As it was asked for. */
  template: string;
  createdAt: string;
  endedAt: string | undefined;
  /** It was a ready member of a pool. */
  isOfPool: boolean;
  vcpus: number;
  memoryMb: number;
}

export interface MachineList extends Listed<MachineLine> {
  state: string;
  template: string;
  counts: ReadonlyMap<MachineState, number>;
}

/** A page of the machines, newest first; those that are over only when they are asked for. */
export function listMachines(
  db: Database,
  {
    state = "",
    template = "",
    after,
  }: { state?: string | undefined; template?: string | undefined; after?: string | undefined },
): MachineList {
  const machines = new MachineStore(db);
  const rows = machines.list({
    statuses: statesOf(state),
    ...(template !== "" && filterOf(db, template)),
    ...(after !== undefined && { before: numberOf(after) }),
    limit: MACHINES + 1,
  });
  return {
    ...pageOf(rows, MACHINES, lineOf, ({ seq }) => String(seq)),
    state,
    template,
    counts: machines.countByStatus(),
  };
}

function statesOf(state: string): readonly MachineState[] {
  if (state === "") return LIVE;
  const wanted = MACHINE_STATUSES.find((each) => each === state);
  if (wanted !== undefined) return [wanted];
  throw new InvalidRequestError(
    `state: there is no "${state.slice(0, 40)}". Choose from ${MACHINE_STATUSES.join(", ")}.`,
  );
}

/** A bare name means all builds of that template, whatever the machines were asked for with. */
function filterOf(db: Database, template: string): { templateKey: number } | { template: string } {
  let ref;
  try {
    ref = parseTemplateRef(template);
  } catch (error) {
    throw new InvalidRequestError(`template: "${template.slice(0, 80)}" cannot be the name of a template.`, {
      cause: error,
    });
  }
  const isBare = ref.kind === "name" && ref.tag === undefined && ref.buildId === undefined;
  const found = isBare ? findLogicalTemplate(db, ref) : undefined;
  return found === undefined ? { template } : { templateKey: found.templateKey };
}

function lineOf(row: MachineRow): MachineLine {
  const checkout = row.checkout === null ? undefined : (JSON.parse(row.checkout) as { source?: string });
  return {
    machineId: row.machineId,
    state: row.status,
    template: row.template,
    createdAt: moment(row.createdAtMs),
    endedAt: row.endedAtMs === null ? undefined : moment(row.endedAtMs),
    isOfPool: checkout?.source === "ready_instance",
    vcpus: row.vcpus,
    memoryMb: row.memoryMb,
  };
}

export function moment(ms: number): string {
  return new Date(ms).toISOString();
}

/** @throws ResourceNotFoundError `machine_not_found` */
export function machineOf(db: Database, machineId: string): MachineRow {
  const machine = new MachineStore(db).get(machineId);
  if (machine !== undefined) return machine;
  throw new ResourceNotFoundError("machine_not_found", `There is no machine "${machineId}".`, {
    suggestedAction: "Machines that have ended are forgotten after a day.",
  });
}
