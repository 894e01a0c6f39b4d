import { randomBytes } from "node:crypto";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { DockerMachineDriver } from "../../../service/drivers/docker/docker-driver.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { machineDriverContract } from "../../unit/service/machine-driver-contract.ts";
import { BASE_IMAGE } from "./running-service.ts";

machineDriverContract("Docker Engine", async () => {
  const engine = new DockerEngine();
  const serviceId = `test-${randomBytes(6).toString("hex")}`;
  const { Id } = await engine.images.inspect(BASE_IMAGE);
  let count = 0;
  return {
    driver: new DockerMachineDriver(engine, serviceId),
    imageId: Id,
    guestId: () => `gst_${serviceId}-${count++}`,
    async [Symbol.asyncDispose]() {
      const filters = { label: [`${INSTANCE_LABEL}=${serviceId}`] };
      for (const left of await engine.containers.list({ all: true, filters })) {
        await engine.containers.remove(left.Id, { force: true });
      }
      await engine.close();
    },
  };
});
