import { currentSpan, inSpan, type Span, type Tracer } from "pulumi-nullspace/tracing";
import type { MachineObserver } from "../fleet/machines/machine-observer.ts";
import type { TracedRequest } from "../http/app.ts";
import type { CallObserver } from "../observed-calls.ts";
import { BuildTraces } from "./build-traces.ts";

/** What happens in one service as spans. */
export class ServiceTraces {
  readonly builds: BuildTraces;
  /** Calls to what builds, keeps images and runs machines, where they are part of something that is traced. */
  readonly calls: CallObserver = { observe: (kind, call) => inSpan(kind, {}, call) };
  /** How a request for a machine ended, in the span of it. */
  readonly machines: MachineObserver = {
    claimed: (result) => currentSpan().set({ "nullspace.claim.result": result }),
  };
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
    this.builds = new BuildTraces(tracer);
  }

  /** Begins the span of a request. */
  readonly onRequest = ({ method, route, traceparent }: TracedRequest): Span =>
    this.#tracer.start(`${method} ${route ?? "(no route)"}`, {
      kind: "server",
      attributes: { "http.request.method": method, ...(route !== undefined && { "http.route": route }) },
      traceparent,
    });

  /** Sends what there is, within a short time or not at all. */
  async close(): Promise<void> {
    this.builds.close();
    await this.#tracer.close();
  }
}
