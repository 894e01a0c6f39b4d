import { afterAll, beforeAll, expect, it } from "vitest";
import { RunningService } from "../engine/service/running-service.ts";
import { fuzzService } from "./fuzz/fuzz-service.ts";

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start();
});

afterAll(() => service[Symbol.asyncDispose]());

/** Thousands of requests by a command of its own, beside three other suites in the gate. */
const TIME_MS = 300_000;

it(
  "no request that its own description leads to breaks the service, hangs, or gets an answer that is not described",
  { timeout: TIME_MS },
  async () => {
    const { code, output } = await fuzzService(service, {
      seed: 20_260_101,
      examples: 5,
      phases: ["coverage", "fuzzing"],
      isShort: true,
    });
    expect(code, output).toBe(0);
    expect((await service.call("GET", "/healthz")).body).toMatchObject({ status: "ok" });
  },
);
