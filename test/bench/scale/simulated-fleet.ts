import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesMachineDriver } from "../../../service/drivers/kubernetes/pod-driver.ts";
import { Fleet } from "../../../service/fleet/fleet.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { Database } from "../../../service/store/database.ts";
import { GuestStore } from "../../../service/store/guests.ts";
import { MIGRATIONS } from "../../../service/store/migrations/index.ts";
import { TemplateEvents } from "../../../service/templates/events.ts";
import { seedBuild } from "../../unit/service/seed-template.ts";

/** Nobody pulls it: nodes of KWOK run nothing. */
const IMAGE = `registry.invalid/simulated@sha256:${"1".repeat(64)}`;

/** The fleet of a service, with its store in a file, whose machines are pods of a cluster with simulated nodes. */
export interface SimulatedFleet extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly guests: GuestStore;
  /** A label selector of every pod of this fleet. */
  readonly selector: string;
}

/** @param templates names of templates that have an image */
export async function startSimulatedFleet(kubeconfig: string, templates: readonly string[]): Promise<SimulatedFleet> {
  const folder = await mkdtemp(join(tmpdir(), "nullspace-simulation-"));
  const db = new Database(join(folder, "store.db"), MIGRATIONS);
  const instanceId = `simulation-${randomBytes(6).toString("hex")}`;
  const client = new KubernetesClient(await findCluster({ kubeconfig }));
  const settings = { namespace: "default", instanceId, nodeSelector: { type: "kwok" } };
  const driver = new KubernetesMachineDriver(client, settings);
  const stopping = new AbortController();
  const fleet = new Fleet({
    db,
    driver,
    log: pino({ level: "fatal" }),
    events: new TemplateEvents(),
    stopping: stopping.signal,
  });
  for (const name of templates) seedBuild(db, name, "default", IMAGE);
  fleet.start();
  return {
    fleet,
    guests: new GuestStore(db),
    selector: `${INSTANCE_LABEL}=${instanceId}`,
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error("the simulation ends"));
      await fleet.settle();
      await driver.close();
      db.close();
      await rm(folder, { recursive: true });
    },
  };
}
