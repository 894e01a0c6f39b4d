import type { Logger } from "pino";
import type { Database } from "../../store/database.ts";
import type { GuestStore } from "../../store/guests.ts";
import type { MachineStore } from "../../store/machines.ts";
import type { GuestRunner } from "../guests/guest-runner.ts";

/** What the recovery needs. */
export interface RecoveryDeps {
  readonly db: Database;
  readonly machines: MachineStore;
  readonly guests: GuestStore;
  readonly runner: GuestRunner;
  readonly log: Logger;
}

/**
 * Puts the store right after a stop or a crash, before anything else runs:
 * - machines that were being created never were, for nobody got their id; a repeated request starts again;
 * - what was to be removed is removed.
 *
 * Members that were ready stay so, and prove themselves again: at once, and before one is handed out. Containers that died meanwhile, and strays, are found by the watch's first look. Members that were warming are taken
 * up by their pool's worker, which finds their containers by name.
 */
export function recoverMachines({ db, machines, guests, runner, log }: RecoveryDeps): void {
  db.transaction(() => {
    for (const { machineId } of machines.withStatus("creating")) {
      const guest = guests.ofMachine(machineId);
      if (guest !== undefined) guests.release(guest.guestId, ["claimed"], "interrupted");
      const failure = "The service stopped while it was being created.";
      machines.update(machineId, { status: "error", failure, idempotencyKey: null, endedAtMs: Date.now() });
      log.info({ machineId }, "a machine's creation was interrupted; it is cleared away");
    }
  });
  for (const guest of guests.all()) {
    if (guest.state === "terminating") void runner.takeDown(guest);
  }
}
