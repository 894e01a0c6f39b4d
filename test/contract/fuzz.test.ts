import { afterAll, beforeAll, expect, it } from "vitest";
import { RunningService } from "../engine/service/running-service.ts";
import { fuzzService } from "./fuzz/fuzz-service.ts";

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start();
});

afterAll(() => service[Symbol.asyncDispose]());

it("no request that its own description leads to breaks the service, hangs, or gets an answer that is not described", async () => {
  const { code, output } = await fuzzService(service, {
    seed: 20_260_101,
    examples: 5,
    phases: ["coverage", "fuzzing"],
    isShort: true,
  });
  expect(code, output).toBe(0);
  expect((await service.call("GET", "/healthz")).body).toMatchObject({ status: "ok" });
});
