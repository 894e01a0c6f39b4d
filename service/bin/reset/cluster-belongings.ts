import { Semaphore } from "pulumi-nullspace/concurrency";
import type { KubernetesMachines } from "../../parts/kubernetes.ts";
import { AT_ONCE, counted, type Belongings } from "./belongings.ts";

/** The pods of a service on a cluster. */
export async function clusterBelongings(machines: KubernetesMachines, signal: AbortSignal): Promise<Belongings> {
  const { driver, namespace } = machines;
  const guests = [...(await driver.list(signal)), ...(await driver.listTrials(signal))];
  return {
    lines: guests.length === 0 ? [] : [`${counted(guests.length, "pod")} of machines and pools in ${namespace}`],
    async remove(during) {
      const slots = new Semaphore(AT_ONCE);
      await Promise.all(guests.map(({ guestId }) => slots.run(during, () => driver.remove(guestId, during))));
      return [];
    },
  };
}
