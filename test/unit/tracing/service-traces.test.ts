import { afterEach, describe, expect, it } from "vitest";
import { openTracer, runSpan, type Tracer } from "../../../sdk/tracing/index.ts";
import { markBuilding, markWaiting } from "../../../service/builds/build-transitions.ts";
import { BuildTraces } from "../../../service/tracing/build-traces.ts";
import { LonelyService } from "../service/lonely-service.ts";
import { TemplateStore } from "../service/template-store.ts";
import { TraceCollector } from "../../trace-collector.ts";

// The exporter reads the environment of the process.
afterEach(() => void delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT);

const CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async function tracerFor(collector: TraceCollector): Promise<Tracer> {
  Object.assign(process.env, collector.env);
  return openTracer({ serviceName: "test", version: "1", warn: (message) => expect.fail(message) });
}

describe("requests as spans", () => {
  it("are named by the pattern of their route, below the caller's span, and only with a key that is good", async () => {
    await using collector = await TraceCollector.start();
    Object.assign(process.env, collector.env);
    {
      await using service = await LonelyService.start();
      const traceparent = CALLER;
      await service.raw("GET", "/v1/machines/mch_secret1?q=secret2", { headers: { traceparent } });
      await service.raw("GET", "/v1/machines/mch_secret3", { headers: { traceparent: "secret4" } });
      await service.raw("GET", "/v1/machines/mch_stranger", {
        headers: { traceparent, authorization: "Bearer secret5" },
      });
    }
    const requests = collector.spans.filter(({ name }) => name === "GET /v1/machines/:id");
    expect(requests.map(({ attributes }) => attributes["http.response.status_code"])).toEqual([404, 404]);
    const [first, second] = requests;
    expect([first?.traceId, first?.parentSpanId]).toEqual(CALLER.split("-").slice(1, 3));
    expect(second?.parentSpanId).toBe("");
    expect(Buffer.concat(collector.raw).toString("latin1")).not.toMatch(/secret|stranger/);
  });
});

describe("builds as spans", () => {
  const say = (step: number, message: string) =>
    ({ kind: "message", level: "info", phase: "step", message, step_index: step, total_steps: 3 }) as const;
  const layer = (step: number, status: "hit" | "miss") =>
    ({
      ...say(step, "x"),
      kind: "cache",
      phase: "cache",
      cache_kind: "layer",
      cache_status: status,
      cache_subject: "RUN x",
    }) as const;

  it("stay in the trace of their request while they wait, are cut and begin again", async () => {
    await using collector = await TraceCollector.start();
    const tracer = await tracerFor(collector);
    const builds = new BuildTraces(tracer);
    await runSpan(tracer.start("request", { traceparent: CALLER }), () => builds.accepted("tb_1"));
    builds.started("tb_1", 5);
    builds.said("tb_1", say(1, "FROM base"));
    builds.cut("tb_1");
    builds.started("tb_1", 5);
    for (const entry of [say(1, "FROM base"), say(2, "RUN echo secret"), say(2, "output secret"), layer(2, "miss")])
      builds.said("tb_1", entry);
    builds.said("tb_1", say(2, "what comes late begins nothing"));
    builds.said("tb_1", layer(3, "hit"));
    builds.ended("tb_1", { result: "ready", cache: {} as never });
    builds.ended("tb_1", { result: "cancelled" });
    await tracer.close();
    const told = collector.spans.map((span) =>
      `${collector.path(span).join(" > ")} ${span.attributes["nullspace.step.cached"] ?? ""}`.trim(),
    );
    const build = "request > build";
    expect(told.sort()).toEqual(
      [
        "request",
        build,
        `${build} > build queue`,
        `${build} > build queue`,
        `${build} > build step FROM`,
        `${build} > build step FROM`,
        `${build} > build step RUN false`,
        `${build} > build step RUN true`,
      ].sort(),
    );
    expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([CALLER.split("-")[1]]));
    expect(Buffer.concat(collector.raw).toString("latin1")).not.toContain("secret");
  });

  it("stay in the trace of their request when another process takes them up", async () => {
    await using collector = await TraceCollector.start();
    using store = new TemplateStore();
    let buildId = "";
    const inProcess = async (work: (traces: BuildTraces, tracer: Tracer) => Promise<void> | void) => {
      const tracer = await tracerFor(collector);
      const traces = new BuildTraces(tracer);
      await work(traces, tracer);
      traces.close();
      await tracer.close();
    };
    await inProcess((traces, tracer) =>
      runSpan(tracer.start("request", { traceparent: CALLER }), async () => {
        buildId = await store.accept({ name: "web" });
        traces.accepted(buildId);
        markBuilding({ ...store, observers: [traces] }, buildId);
      }),
    );
    markWaiting(store, buildId, "the service stops");
    await inProcess((traces) => {
      markBuilding({ ...store, observers: [traces] }, buildId);
      traces.ended(buildId, { result: "cancelled" });
    });
    const builds = collector.spans.filter(({ name }) => name === "build");
    expect(builds.map(({ attributes }) => attributes["nullspace.build.result"])).toEqual(["interrupted", "cancelled"]);
    const [traceId] = CALLER.split("-").slice(1);
    const request = collector.spans.find(({ name }) => name === "request");
    for (const build of builds) expect([build.traceId, build.parentSpanId]).toEqual([traceId, request?.spanId]);
  });

  it("of which nobody traced the request begin a trace of their own, when somebody does", async () => {
    await using collector = await TraceCollector.start();
    using store = new TemplateStore();
    const buildId = await store.accept({ name: "web" });
    const tracer = await tracerFor(collector);
    const traces = new BuildTraces(tracer);
    markBuilding({ ...store, observers: [traces] }, buildId);
    traces.close();
    await tracer.close();
    expect(collector.spans.find(({ name }) => name === "build")?.parentSpanId).toBe("");
  });
});
