import type { MachineCapabilities } from "../../../service/fleet/guests/machine-driver.ts";
import { machineDriverContract } from "./machine-driver-contract.ts";
import { MemoryDriver } from "./memory-driver.ts";

const ALL = new MemoryDriver().capabilities;

const open = (capabilities: MachineCapabilities) => async () => {
  const driver = new MemoryDriver();
  driver.capabilities = capabilities;
  driver.images = new Set(["sha256:here"]);
  let count = 0;
  return { driver, imageId: "sha256:here", guestId: () => `gst_${count++}`, [Symbol.asyncDispose]: async () => {} };
};

machineDriverContract("the driver in memory", open(ALL));
machineDriverContract("one that can do less", open({ ...ALL, pauses: false, isolates: false, limitsDisk: false }));
