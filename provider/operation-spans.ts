import { packageVersion } from "../sdk/client/version.ts";
import { openTracer, runSpan, wantsTraces, type Tracer } from "../sdk/tracing/index.ts";

/** A call of the engine for a resource. */
export type Operation = "check" | "diff" | "create" | "read" | "update" | "delete";

/** What a call is for. */
export interface OperationSubject {
  /** Type of the resource: `Template`. */
  type: string;
  /** Its name in the program, else at the service; `""` where neither is known. */
  name: string;
  /** Whether nothing is changed: shown in the span. Absent where the shell does not learn it. */
  preview?: boolean | undefined;
  /** What the engine sends of its own span. Default: the environment variable `TRACEPARENT`. */
  traceparent?: string | undefined;
}

/** Makes a span of each call of the engine for a resource, where the environment asks for traces. */
export class OperationSpans {
  readonly #redact: (text: string) => string;
  #tracer: Promise<Tracer> | undefined;

  /** @param redact takes out of every text what the program holds secret */
  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  /**
   * Runs a call as a span. The first one loads OpenTelemetry.
   *
   * @param warn told once when that does not work
   */
  async run<Result>(
    operation: Operation,
    { type, name, preview, traceparent = process.env.TRACEPARENT }: OperationSubject,
    warn: (message: string) => void,
    work: () => Promise<Result>,
  ): Promise<Result> {
    if (this.#tracer === undefined && !wantsTraces()) return work();
    const options = { serviceName: "pulumi-nullspace", version: packageVersion(), redact: this.#redact, warn };
    const tracer = await (this.#tracer ??= openTracer(options));
    const attributes = {
      "nullspace.resource.type": type,
      ...(name !== "" && { "nullspace.resource.name": name }),
      ...(preview !== undefined && { "nullspace.preview": preview }),
    };
    return runSpan(tracer.start(`nullspace.${type} ${operation}`, { attributes, traceparent }), work);
  }

  /** Sends what has ended, within a short time or not at all. */
  async close(): Promise<void> {
    await (await this.#tracer)?.close();
  }
}
