import type { LiveCommands } from "../../fleet/machines/live-commands.ts";
import type { ServiceApp } from "../service-app.ts";
import { registerMachineRoutes, type MachineRouteOptions } from "./machines.ts";
import { registerMachineSocket } from "./machine-socket.ts";
import { registerNotOffered } from "./not-offered.ts";
import { registerWarmPoolRoutes, type WarmPoolRouteOptions } from "./warm-pools.ts";

/** What the calls on machines and warm pools stand on. */
export type FleetRouteOptions = Omit<MachineRouteOptions, "path" | "live"> &
  WarmPoolRouteOptions & { fleet: { live: LiveCommands } };

/** Serves the calls on machines and warm pools. */
export function registerFleetRoutes(app: ServiceApp, options: FleetRouteOptions): void {
  const { live } = options.fleet;
  // Machines were called sandboxes before; programs of that time still find them.
  const paths = ["/v1/machines", "/v1/sandboxes"];
  for (const path of paths) registerMachineRoutes(app, { ...options, live, path });
  const { fleet, stopping } = options;
  registerMachineSocket(app, { access: { service: fleet.machines, driver: fleet.driver, live }, stopping, paths });
  registerWarmPoolRoutes(app, options);
  registerNotOffered(app, paths);
}
