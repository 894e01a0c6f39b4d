import { ConflictError } from "../../errors.ts";
import { inMachine, type GuestAccess } from "./guest-access.ts";

/** Where a port of a machine is reached. */
export interface PortAddress {
  /** `10.0.0.2:8080`. */
  readonly host: string;
  readonly url: string;
}

/**
 * Where a port of a machine is reached: an address in the engine's own network, which the engine's host reaches. Nothing is
 * forwarded for it, and nothing has to listen there yet.
 *
 * @throws ConflictError for a machine without a network
 */
export async function portAddress(
  access: GuestAccess,
  machineId: string,
  port: number,
  signal: AbortSignal,
): Promise<PortAddress> {
  return inMachine(access, machineId, "be reached", async ({ guest }) => {
    const address = await access.driver.address(guest.guestId, signal);
    if (address === undefined) {
      throw new ConflictError(`Machine ${machineId} has no network, so its ports cannot be reached.`, {
        suggestedAction: "Create it with internet_access, from a template that allows it.",
      });
    }
    const host = `${address.includes(":") ? `[${address}]` : address}:${port}`;
    return { host, url: `http://${host}` };
  });
}
