import type { Fleet } from "../../fleet/fleet.ts";
import type { Database } from "../../store/database.ts";
import { machineChangePage, machinePage } from "../pages/machine.ts";
import { machinesPage } from "../pages/machines.ts";
import { machinePath } from "../pages/parts.ts";
import { MACHINE_CHANGES, machineDetails, plannedMachineChange } from "../views/machine.ts";
import { MachineLooks } from "../views/machine-now.ts";
import { listMachines } from "../views/machines.ts";
import { assertAsShown, changeOf } from "./changes.ts";
import type { PageRoutes } from "./page-routes.ts";

/** Machines, and what can be done with them. */
export function registerMachines(
  routes: PageRoutes,
  { db, fleet }: { db: Database; fleet: Pick<Fleet, "machines" | "driver" | "live"> },
): void {
  const { machines, driver, live } = fleet;
  const looks = new MachineLooks({ db, driver, live });

  routes.get("/machines", ({ query }) =>
    machinesPage(listMachines(db, { state: query.state, template: query.template, after: query.after })),
  );

  routes.get("/machines/:id", async ({ params, signal }) => {
    const id = params.id ?? "";
    const now = await looks.at(id, signal);
    return machinePage(machineDetails({ db, machines }, id), now);
  });

  routes.get("/machines/:id/change", ({ params, query, session }) => {
    const change = changeOf(MACHINE_CHANGES, query.to);
    return machineChangePage(plannedMachineChange({ db, machines }, params.id ?? "", change), session.formToken);
  });

  routes.post("/machines/:id/change", async ({ params, form }) => {
    const id = params.id ?? "";
    const change = changeOf(MACHINE_CHANGES, form.to);
    const { state } = plannedMachineChange({ db, machines }, id, change);
    // One that has ended meanwhile has what was wanted.
    if (change !== "end") assertAsShown("The machine", form.expected, state);
    if (change === "end") await machines.destroy(id);
    else if (change === "pause") await machines.pause(id);
    else await machines.resume(id);
    const text = { end: "The machine has ended.", pause: "The machine is paused.", resume: "The machine goes on." }[
      change
    ];
    return { to: machinePath(id), notice: { kind: "done", text } };
  });
}
