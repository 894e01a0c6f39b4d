import { machineDriverContract } from "./machine-driver-contract.ts";
import { MemoryDriver } from "./memory-driver.ts";

machineDriverContract("the driver in memory", async () => {
  const driver = new MemoryDriver();
  driver.images = new Set(["sha256:here"]);
  let count = 0;
  return { driver, imageId: "sha256:here", guestId: () => `gst_${count++}`, [Symbol.asyncDispose]: async () => {} };
});
