import { describe, expect, it } from "vitest";
import { observedCalls, type CallObserver } from "../../../service/observed-calls.ts";
import { LonelyService } from "./lonely-service.ts";

describe("GET /metrics", () => {
  it("needs a key, and tells the figures of a service without an engine", async () => {
    await using service = await LonelyService.start();
    expect((await service.raw("GET", "/metrics", { headers: { authorization: "" } })).status).toBe(401);
    const { status, headers, text } = await service.raw("GET", "/metrics");
    expect([status, headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    expect(text).toMatch(/^nullspace_ready\{check="engine"\} 0$/m);
    expect(text).toMatch(/^nullspace_ready\{check="store"\} 1$/m);
    expect(text).toMatch(/^nullspace_builds\{state="waiting"\} 0$/m);
  });

  it("counts requests by the pattern of their route, and never by what a caller made up", async () => {
    await using service = await LonelyService.start();
    for (const path of [
      "/v1/machines/mch_secret1",
      "/v1/machines/mch_secret2",
      "/nowhere/secret3",
      "/secret4?a=secret5",
    ])
      await service.raw("GET", path);
    await service.raw("POST", "/secret6");
    const { text } = await service.raw("GET", "/metrics");
    expect(text).not.toMatch(/secret/);
    expect(text).toContain(
      'nullspace_http_request_duration_seconds_count{route="/v1/machines/:id",method="GET",status="404"} 2',
    );
    expect(text).toContain('nullspace_http_request_duration_seconds_count{route="none",method="any",status="404"} 3');
  });
});

describe("observed calls", () => {
  class Target {
    #secret = 1;
    readonly name = "n";
    async twice(value: number): Promise<number> {
      return value * 2 * this.#secret;
    }
    now(): number {
      return this.#secret;
    }
    later(): Promise<never> {
      return Promise.reject(new TypeError("no"));
    }
    async *events(): AsyncGenerator<number> {
      yield this.#secret;
    }
  }

  it("are told of with what they return and throw left as it is; what returns no promise is passed by", async () => {
    const seen: string[] = [];
    const observer: CallObserver = {
      async observe(kind, call) {
        try {
          const result = await call();
          seen.push(`${kind} ok`);
          return result;
        } catch (error) {
          seen.push(`${kind} ${(error as Error).name}`);
          throw error;
        }
      },
    };
    const target = observedCalls(new Target(), "t", [observer]);
    expect([target.name, await target.twice(2), target.now()]).toEqual(["n", 4, 1]);
    await expect(target.later()).rejects.toThrow(TypeError);
    for await (const event of target.events()) expect(event).toBe(1);
    expect(seen).toEqual(["t.twice ok", "t.later TypeError"]);
  });
});

describe("figures without a key", () => {
  it("are told when the service is told to", async () => {
    await using service = await LonelyService.start({ areMetricsOpen: true });
    expect((await service.raw("GET", "/metrics", { headers: { authorization: "" } })).status).toBe(200);
    expect((await service.raw("GET", "/v1/templates", { headers: { authorization: "" } })).status).toBe(401);
  });
});
