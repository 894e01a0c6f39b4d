import { once } from "node:events";
import { afterAll, expect, it } from "vitest";
import { ServiceProcess } from "../engine/service/service-process.ts";
import { callsTo } from "./support/calls.ts";
import { lookFromOutside } from "./support/outside-view.ts";
import { NO_HARM, Tally } from "./support/tally.ts";

const service = new ServiceProcess();
const tally = new Tally("two services on one folder");
afterAll(async () => {
  tally.report();
  await service[Symbol.asyncDispose]();
});

it("of two services on one folder the second ends, and the first goes on; after its kill the folder is free", async () => {
  await service.start();
  const call = callsTo(service.access);
  const first = service.pid;
  for (let round = 1; round <= 2; round += 1) {
    const second = service.launchBeside();
    const claim = await call("POST", "/v1/templates/claims", { template_ref: `name-${round}` });
    const [code] = (await once(second, "exit")) as [number | null];
    tally.faults += 1;
    expect(code).toBe(1);
    const again = await call("POST", "/v1/templates/claims", { template_ref: `name-${round}` });
    tally.acknowledged += 1;
    if (again.body.claim_token !== claim.body.claim_token) tally.lost.push(`claim name-${round}`);
  }
  expect(service.pid).toBe(first);
  await service.kill();
  await service.start();
  await lookFromOutside(service, tally, 0);
  expect(tally.harm).toEqual(NO_HARM);
});
