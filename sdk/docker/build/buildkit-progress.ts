import { EngineProtocolError } from "../errors.ts";
import { StatusResponse, type Vertex } from "../protos/generated/control.ts";
import { LineBuffer } from "./line-buffer.ts";
import type { BuildProgress, BuildStep, ProgressDecoder } from "./progress.ts";

/** Id of the engine's records that carry a BuildKit status (moby, builder/builder-next). */
const TRACE_ID = "moby.buildkit.trace";
/** Id of the record that names the image. */
const IMAGE_ID = "moby.image.id";
const STDERR = 2n;
/** `[stage 2/5] RUN …`, `[2/5] RUN …`, `[linux/arm64 stage 2/5] RUN …` */
const NUMBERED = /^\[(?:[^\]]*\s)?(\d+)\/(\d+)\] /;
const TAGGED = /^Successfully tagged /;
/** How BuildKit words the error of a step that it gave up because another failed. */
const CANCELLED = /context canceled\s*$/;

/** Progress of BuildKit: each record holds the news of any number of steps. */
export class BuildKitProgress implements ProgressDecoder {
  /** Output of a step that has not ended its line, by step and stream. */
  readonly #lines = new Map<string, LineBuffer>();
  readonly #states = new Map<string, string>();

  *decode(record: Record<string, unknown>): Generator<BuildProgress> {
    if (record.id === TRACE_ID && typeof record.aux === "string") yield* this.trace(parseTrace(record.aux));
    else if (record.aux !== undefined && record.id !== IMAGE_ID) {
      yield { kind: "aux", ...(typeof record.id === "string" ? { id: record.id } : {}), value: record.aux };
    } else if (typeof record.stream === "string") {
      // The engine's own last word, which no command wrote.
      const lines = record.stream.split("\n").filter((line) => line !== "" && !TAGGED.test(line));
      for (const text of lines) yield { kind: "log", stream: "stdout", text };
    }
  }

  *flush(): Generator<BuildProgress> {
    for (const key of [...this.#lines.keys()]) yield* this.#flushLines(key);
  }

  /** Progress of one decoded status. */
  *trace(trace: StatusResponse): Generator<BuildProgress> {
    // Logs first: when a step's end comes in the same record, its output belongs before it.
    for (const { vertex, stream, msg } of trace.logs) yield* this.#log(vertex, stream === STDERR, msg);
    for (const vertex of trace.vertexes) yield* this.#vertex(vertex);
    for (const { ID, vertex, name, current, total, completed } of trace.statuses) {
      yield {
        kind: "status",
        stepId: vertex,
        id: ID,
        ...(name === "" ? {} : { text: name }),
        ...(current === 0n && total === 0n ? {} : { current: Number(current) }),
        ...(total === 0n ? {} : { total: Number(total) }),
        done: completed !== undefined,
      };
    }
    for (const { vertex, short, detail, url, ranges } of trace.warnings) {
      const line = ranges[0]?.start?.line;
      yield {
        kind: "warning",
        stepId: vertex,
        text: text(short),
        detail: detail.map(text),
        ...(url === "" ? {} : { url }),
        ...(line ? { dockerfileLine: line } : {}),
      };
    }
  }

  *#vertex(vertex: Vertex): Generator<BuildProgress> {
    const step = toStep(vertex);
    // The same state is reported several times, with times that differ by a hair.
    const before = this.#states.get(step.id);
    if (before === step.state) return;
    // What came from a cache elsewhere is fetched later, when it is needed, and reported as if it ran.
    if (before === "cached" && (step.state === "started" || step.state === "completed")) return;
    this.#states.set(step.id, step.state);
    if (step.state !== "started" && step.state !== "pending") {
      yield* this.#flushLines(`${step.id} stdout`);
      yield* this.#flushLines(`${step.id} stderr`);
    }
    yield { kind: "step", step };
  }

  *#log(vertex: string, isStderr: boolean, message: Uint8Array): Generator<BuildProgress> {
    const stream = isStderr ? "stderr" : "stdout";
    const key = `${vertex} ${stream}`;
    const buffer = this.#lines.get(key) ?? new LineBuffer();
    this.#lines.set(key, buffer);
    for (const line of buffer.push(message)) yield { kind: "log", stepId: vertex, stream, text: line };
  }

  *#flushLines(key: string): Generator<BuildProgress> {
    const [stepId, stream] = key.split(" ") as [string, "stdout" | "stderr"];
    for (const line of this.#lines.get(key)?.flush() ?? []) yield { kind: "log", stepId, stream, text: line };
    this.#lines.delete(key);
  }
}

function parseTrace(aux: string): StatusResponse {
  try {
    return StatusResponse.decode(Buffer.from(aux, "base64"));
  } catch (cause) {
    throw new EngineProtocolError("The engine's BuildKit trace is not a StatusResponse.", cause);
  }
}

function toStep({ digest, inputs, name, cached, started, completed, error }: Vertex): BuildStep {
  const numbered = NUMBERED.exec(name);
  return {
    id: digest,
    name,
    inputs,
    ...(numbered ? { number: Number(numbered[1]), total: Number(numbered[2]) } : {}),
    state: error
      ? CANCELLED.test(error)
        ? "cancelled"
        : "failed"
      : completed
        ? cached
          ? "cached"
          : "completed"
        : started
          ? "started"
          : "pending",
    ...(error ? { error } : {}),
    ...(started ? { startedAt: started } : {}),
    ...(completed ? { completedAt: completed } : {}),
  };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
