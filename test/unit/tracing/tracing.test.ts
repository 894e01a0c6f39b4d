import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { defaultTextMapGetter, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import {
  currentSpan,
  inSpan,
  NO_SPAN,
  NO_TRACER,
  openTracer,
  runSpan,
  wantsTraces,
} from "../../../sdk/tracing/index.ts";
import { formatTraceparent, parseTraceparent } from "../../../sdk/tracing/traceparent.ts";
import { TraceCollector } from "../../trace-collector.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };

async function openedFor(collector: TraceCollector, redact?: (text: string) => string) {
  // The exporter reads the environment of the process.
  Object.assign(process.env, collector.env);
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message);
  const tracer = await openTracer({ serviceName: "test", version: "1", warn, ...(redact && { redact }) });
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return { tracer, warnings };
}

describe("whether traces are wanted", () => {
  it.each([
    [{}, false],
    [ENDPOINT, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:9/v1/traces" }, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: " " }, false],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: "True" }, false],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: "false" }, true],
    [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" }, false],
    [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: "otlp" }, true],
  ])("is read from %o", (env, wanted) => expect(wantsTraces(env)).toBe(wanted));

  it("is told when the protocol is unknown or its package is missing, and nothing is traced", async () => {
    for (const [protocol, told] of [
      ["carrier-pigeon", /OTEL_EXPORTER_OTLP_PROTOCOL is none of http\/protobuf/],
      ["http/json", /npm install .*@opentelemetry\/exporter-trace-otlp-http/],
    ] as const) {
      const warnings: string[] = [];
      const env = { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
      const warn = (message: string) => warnings.push(message);
      expect(await openTracer({ serviceName: "test", version: "1", warn, env })).toBe(NO_TRACER);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(told);
    }
  });
});

describe("traceparent", () => {
  const propagator = new W3CTraceContextPropagator();
  const theirs = (traceparent: string) =>
    trace.getSpanContext(propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter));
  const hex = (length: number) =>
    fc
      .array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length })
      .map((all) => all.join(""));
  const header = fc
    .tuple(fc.constantFrom("00", "01", "ff", "0"), hex(32), hex(16), hex(2), fc.constantFrom("", "", "-x", "-"))
    .map(([version, trace, span, flags, more]) => `${version}-${trace}-${span}-${flags}${more}`);

  it("is read as OpenTelemetry's own propagator reads it", () => {
    const zeros = [
      `00-${"0".repeat(32)}-${"1".repeat(16)}-01`,
      `00-${"1".repeat(32)}-${"0".repeat(16)}-01`,
      "",
      "junk",
    ];
    fc.assert(
      fc.property(fc.oneof(header, fc.string(), fc.constantFrom(...zeros)), (text) => {
        const [ours, other] = [parseTraceparent(text), theirs(text)];
        expect(ours?.traceId).toBe(other?.traceId);
        expect(ours?.spanId).toBe(other?.spanId);
        if (ours !== undefined) expect(ours.traceFlags).toBe((other?.traceFlags ?? 0) & 1);
      }),
    );
  });

  it("is written so that it is read as the same", () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.constantFrom(0, 1), (traceId, spanId, traceFlags) => {
        fc.pre(!/^0+$/.test(traceId) && !/^0+$/.test(spanId));
        expect(parseTraceparent(formatTraceparent({ traceId, spanId, traceFlags }))).toEqual({
          traceId,
          spanId,
          traceFlags,
        });
      }),
    );
  });
});

describe("spans", () => {
  it("do nothing where nothing is traced", async () => {
    expect(currentSpan()).toBe(NO_SPAN);
    expect(await inSpan("work", {}, (span) => [span, currentSpan()])).toEqual([NO_SPAN, NO_SPAN]);
  });

  it("are below the one that is under way, and of one that is over nothing comes", async () => {
    await using collector = await TraceCollector.start();
    const { tracer, warnings } = await openedFor(collector);
    let late: Promise<unknown> | undefined;
    const ended = Promise.withResolvers<void>();
    await runSpan(tracer.start("root"), async () => {
      await Promise.all(["a", "b"].map((name) => inSpan(name, {}, () => inSpan(`${name}2`, {}, () => undefined))));
      late = ended.promise.then(() => inSpan("late", {}, () => undefined));
    });
    ended.resolve();
    await late;
    await tracer.close();
    expect(warnings).toEqual([]);
    const paths = collector.spans.map((span) => collector.path(span).join(">"));
    expect(paths.sort()).toEqual(["root", "root>a", "root>a>a2", "root>b", "root>b>b2"]);
  });

  it("that failed tell the code of the error and not its text, and go through the redactor", async () => {
    await using collector = await TraceCollector.start();
    const { tracer } = await openedFor(collector, (text) => text.replaceAll("s3cret-value", "[secret]"));
    const error = Object.assign(new Error("the text"), { code: "name_taken" });
    const attributes = { name: "of s3cret-value" };
    const work = () => inSpan("child s3cret-value", { attributes }, () => Promise.reject(error));
    await expect(runSpan(tracer.start("root"), work)).rejects.toBe(error);
    await tracer.close();
    const sent = Buffer.concat(collector.raw).toString("latin1");
    expect(sent).toContain("name_taken");
    expect(sent).toContain("child [secret]");
    expect(sent).not.toMatch(/the text|s3cret-value/);
    expect(collector.spans.map(({ statusCode }) => statusCode)).toEqual([2, 2]);
  });

  it("are given up at the end when the collector does not answer", async () => {
    await using collector = await TraceCollector.start({ hangs: true });
    const { tracer } = await openedFor(collector);
    tracer.start("root").end();
    await tracer.close();
    expect(collector.requests).toBe(1);
  });
});
