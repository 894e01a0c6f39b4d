import { isOneFile } from "../package-file.ts";
import { NO_TRACER, type Tracer } from "./span.ts";

/** Who traces, and where to report that tracing is not possible. */
export interface TracerOptions {
  /** Name of the program in traces, unless `OTEL_SERVICE_NAME` gives another. */
  serviceName: string;
  version: string;
  /** Called once with the reason why nothing is traced although it was requested. */
  warn: (message: string) => void;
  /**
   * Removes secrets from what is sent: names of spans, and attributes that are text.
   *
   * @default nothing is taken out
   */
  redact?: (text: string) => string;
  /** @default that of the process */
  env?: Env;
}

type Env = Readonly<Record<string, string | undefined>>;

/** OpenTelemetry's own default. */
const USUAL_PROTOCOL = "http/protobuf";

/** What OpenTelemetry's packages are found by, for each protocol. */
const EXPORTERS: Readonly<Record<string, string>> = {
  [USUAL_PROTOCOL]: "@opentelemetry/exporter-trace-otlp-proto",
  "http/json": "@opentelemetry/exporter-trace-otlp-http",
  grpc: "@opentelemetry/exporter-trace-otlp-grpc",
};
const SDK = ["@opentelemetry/api", "@opentelemetry/resources", "@opentelemetry/sdk-trace-node"];

/**
 * Whether OpenTelemetry's environment variables ask for traces: an endpoint is set, and neither `OTEL_SDK_DISABLED=true` nor
 * `OTEL_TRACES_EXPORTER=none` says otherwise.
 *
 * @example
 * ```ts
 * wantsTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" }); // true
 * ```
 */
export function wantsTraces(env: Env = process.env): boolean {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_ENDPOINT: all } = env;
  if (!traces?.trim() && !all?.trim()) return false;
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true") return false;
  return (env.OTEL_TRACES_EXPORTER?.trim() || "otlp") === "otlp";
}

/**
 * Opens the exporter for traces, if the environment asks for it. Without its variables nothing is loaded. It never throws:
 * where OpenTelemetry's packages are missing, or do not work, it says so and traces nothing.
 *
 * @example
 * ```ts
 * const tracer = await openTracer({ serviceName: "release", version: "1.0.0", warn: console.warn });
 * await runSpan(tracer.start("release"), async () => {
 *   await using build = await Template.build(Template.fromDockerfile("./app/Dockerfile"), "web:v1");
 * });
 * await tracer.close();
 * ```
 */
export async function openTracer(options: TracerOptions): Promise<Tracer> {
  const { serviceName, version, warn, redact = (text) => text, env = process.env } = options;
  if (!wantsTraces(env)) return NO_TRACER;
  const asked = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL?.trim() || env.OTEL_EXPORTER_OTLP_PROTOCOL?.trim();
  const exporter = EXPORTERS[asked || USUAL_PROTOCOL];
  if (exporter === undefined) {
    warn(`nothing is traced: OTEL_EXPORTER_OTLP_PROTOCOL is none of ${Object.keys(EXPORTERS).join(", ")}`);
    return NO_TRACER;
  }
  if (isOneFile() && exporter !== EXPORTERS[USUAL_PROTOCOL]) {
    warn(
      `nothing is traced: the plugin's executable has the exporter for ${USUAL_PROTOCOL} alone. Leave OTEL_EXPORTER_OTLP_PROTOCOL ` +
        `unset, or use the plugin of the npm package pulumi-nullspace, with ${exporter} installed beside it`,
    );
    return NO_TRACER;
  }
  try {
    const { openTelemetry } = await import("./open-telemetry.ts");
    const name = env.OTEL_SERVICE_NAME?.trim() || serviceName;
    return await openTelemetry({ serviceName: name, version, exporter, redact });
  } catch (error) {
    warn(isMissing(error) ? missing(exporter) : `nothing is traced: OpenTelemetry did not start (${nameOf(error)})`);
    return NO_TRACER;
  }
}

function missing(exporter: string): string {
  return (
    "nothing is traced: OTEL_EXPORTER_OTLP_ENDPOINT asks for it, and OpenTelemetry's packages are not installed. " +
    `Install them beside this one: npm install ${[...SDK, exporter].map((name) => `${name}@${RANGES[name] ?? EXPORTER_RANGE}`).join(" ")}`
  );
}

/** As `package.json` has them. */
const RANGES: Readonly<Record<string, string>> = {
  "@opentelemetry/api": "1.9",
  "@opentelemetry/resources": "2",
  "@opentelemetry/sdk-trace-node": "2",
};
const EXPORTER_RANGE = "0.220";

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
