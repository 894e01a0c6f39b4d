/**
 * The machines and pools of a service on Kubernetes behind HTTP, as a process of its own that can be killed: templates are
 * written into the store, not built. Each line of JSON that comes in seeds one, and is answered with a line.
 */
import { createInterface } from "node:readline";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import type { CreateTemplateRequest } from "../../../sdk/wire/index.ts";
import { createApp } from "../../../service/http/app.ts";
import { registerOpenApi } from "../../../service/http/openapi.ts";
import { registerFleetRoutes } from "../../../service/http/routes/fleet.ts";
import { Fleet } from "../../../service/fleet/fleet.ts";
import { poolTagFollowers } from "../../../service/fleet/pools/tag-followers.ts";
import { keyRing } from "../../../service/keys/key-ring.ts";
import { openKubernetesMachines } from "../../../service/parts/kubernetes.ts";
import type { KubernetesOptions } from "../../../service/parts/kubernetes-options.ts";
import { Database } from "../../../service/store/database.ts";
import { TemplateEvents } from "../../../service/templates/events.ts";
import { seedBuild } from "../../unit/service/seed-template.ts";

const [storePath = "", instanceId = "", options = "{}", apiKey = ""] = process.argv.slice(2);
const stopping = new AbortController();
const log = pino({ level: process.env.FLEET_LOG ?? "silent" }, pino.destination(2));
const db = new Database(storePath);
const deps = {
  db,
  events: new TemplateEvents(),
  log,
  artifactUses: [],
  tagFollowers: poolTagFollowers,
  stopping: stopping.signal,
};
const machines = await openKubernetesMachines(JSON.parse(options) as KubernetesOptions, instanceId, "none");
const fleet = new Fleet({
  ...deps,
  driver: machines.driver,
  ...(machines.nativePools && { nativePools: machines.nativePools }),
});
const keys = keyRing([{ name: "test", key: apiKey }]);
const app = createApp({ logger: log, keys, refExists: () => false, stopping: stopping.signal });
await registerOpenApi(app, "0.0.0");
registerFleetRoutes(app, { fleet, stopping: stopping.signal, prepare: async () => undefined });
fleet.start();
await app.listen({ port: 0, host: "127.0.0.1" });
process.stdout.write(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}\n`);

process.once("SIGTERM", () => {
  void (async () => {
    stopping.abort();
    await app.close();
    await fleet.settle();
    db.close();
    await machines.close();
    process.exit(0);
  })();
});

for await (const line of createInterface({ input: process.stdin })) {
  const { name, tag, imageId, definition } = JSON.parse(line) as Record<"name" | "tag" | "imageId", string> & {
    definition: CreateTemplateRequest;
  };
  const build = seedBuild(db, name, tag, imageId, definition);
  deps.events.emit({ kind: "tag_moved", templateId: build.templateId });
  process.stdout.write(`${JSON.stringify(build)}\n`);
}
