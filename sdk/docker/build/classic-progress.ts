import { errorOf } from "../json-records.ts";
import { LineBuffer } from "./line-buffer.ts";
import type { BuildProgress, BuildStep, ProgressDecoder } from "./progress.ts";

/** `Step 2/5 : RUN make`; Buildah writes `STEP 2/5: RUN make`, with several stages `[1/2] STEP 2/5: RUN make`. */
const STEP = /^(?:\[(\d+\/\d+)\] )?(?:Step|STEP) (\d+)(?:\/(\d+))?\s?: (.*)$/;
const CACHED = /^\s*-+> Using cache/;
const LAYER = /^(?:\[\d+\/\d+\] |\s*)-+> [0-9a-f]{10,64}$/;
const RUNNING = /^\s*-+> Running in ([0-9a-f]+)$/;
/** Engines since 23.0 write ` ---> Removed …`, which is no layer (moby, builder/dockerfile). */
const REMOVED = /^(?:Removing|\s*-+> Removed) intermediate container ([0-9a-f]+)$/;
const DONE = /^Successfully (?:built|tagged) /;
const BUILDAH_STEP = /^(?:\[\d+\/\d+\] )?STEP \d/;
/** What Buildah says when the last step of a stage is over, and the image's id that it ends with. */
const BUILDAH_END = /^(?:(?:\[\d+\/\d+\] )?COMMIT(?: \S+)?|[0-9a-f]{64})$/;
/** Of the build, and of a container that a step runs in (moby, builder/dockerfile/containerbackend.go). */
const WARNING = /^(?: ---> )?\[Warning\] (.*)$/;
/** The classic builder marks standard error by its colour alone (moby, pkg/streamformatter/streamwriter.go). */
const STDERR_ON = "\u001b[91m";
const STDERR_OFF = "\u001b[0m";

/** Progress of the classic builder: text lines that follow a fixed form since Docker 1.0. */
export class ClassicProgress implements ProgressDecoder {
  readonly #lines = { stdout: new LineBuffer(), stderr: new LineBuffer() };
  #step: BuildStep | undefined;
  #isBuildah = false;
  /** Containers that commands ran in. */
  readonly #containers = new Set<string>();
  /** A command is at work, and every line is its output but those that end it. */
  #isRunning = false;
  /** Buildah's number of the stage and of all stages; absent with one. */
  #stage: string | undefined;

  *decode(record: Record<string, unknown>): Generator<BuildProgress> {
    const error = errorOf(record);
    if (typeof record.stream === "string") yield* this.#text(record.stream);
    else if (typeof record.status === "string") yield this.#status(record, record.status);
    else if (error !== undefined) yield* this.#fail(error.message);
    else if (record.aux !== undefined) yield { kind: "aux", value: record.aux };
  }

  *flush(): Generator<BuildProgress> {
    yield* this.#openLines();
    yield* this.#end("completed");
  }

  *#text(text: string): Generator<BuildProgress> {
    // The builder's words are a record of their own, also after output that has not ended its line.
    if (this.#isRunning && this.#endsCommand(text.trimEnd())) yield* this.#openLines();
    const isStderr = text.startsWith(STDERR_ON);
    const stream = isStderr ? "stderr" : "stdout";
    const plain = isStderr ? text.slice(STDERR_ON.length).replace(STDERR_OFF, "") : text;
    for (const line of this.#lines[stream].push(plain)) yield* this.#line(line, stream);
  }

  /** Lines that stand there without their end. */
  *#openLines(): Generator<BuildProgress> {
    for (const stream of ["stdout", "stderr"] as const) {
      for (const line of this.#lines[stream].flush()) yield* this.#line(line, stream);
    }
  }

  *#line(line: string, stream: "stdout" | "stderr"): Generator<BuildProgress> {
    const isOutput = this.#isRunning && !this.#endsCommand(line);
    if (isOutput || !(yield* this.#builderSays(line))) {
      if (line !== "") yield { kind: "log", ...this.#stepId(), stream, text: line };
    }
  }

  /** Its container is gone, or a layer is made of one that is kept: all else is written by the command. */
  #endsCommand(line: string): boolean {
    return LAYER.test(line) || this.#containers.has(REMOVED.exec(line)?.[1] ?? "");
  }

  /** @returns whether the line is one of the builder's */
  *#builderSays(line: string): Generator<BuildProgress, boolean> {
    const step = this.#nextStep(line);
    this.#isBuildah ||= step !== undefined && BUILDAH_STEP.test(line);
    const warning = WARNING.exec(line);
    const started = RUNNING.exec(line)?.[1];
    this.#isRunning = started !== undefined;
    if (step) yield* this.#begin(step);
    else if (warning) yield { kind: "warning", ...this.#stepId(), text: warning[1] ?? "", detail: [] };
    else if (CACHED.test(line)) yield* this.#end("cached");
    else if (LAYER.test(line)) yield* this.#end("completed");
    else if (this.#isBuildah && BUILDAH_END.test(line)) yield* this.#end("completed");
    else if (started !== undefined) this.#containers.add(started);
    else return REMOVED.test(line) || (DONE.test(line) && this.#step?.state !== "started");
    return true;
  }

  /** A command may write such a line too; what is not the step that comes next is its output. */
  #nextStep(line: string): RegExpExecArray | undefined {
    const found = STEP.exec(line);
    if (!found) return undefined;
    const [, stage, number] = found;
    const isNewStage = stage !== this.#stage || this.#step === undefined;
    return Number(number) === (isNewStage ? 1 : this.#step!.number! + 1) ? found : undefined;
  }

  *#begin([, stage, number, total, instruction]: RegExpExecArray): Generator<BuildProgress> {
    yield* this.#end("completed");
    this.#stage = stage;
    const at = total === undefined ? number : `${number}/${total}`;
    this.#step = {
      id: stage === undefined ? `step-${number}` : `step-${stage.split("/")[0]}-${number}`,
      name: `[${stage === undefined ? at : `${stage} ${at}`}] ${instruction}`,
      inputs: [],
      number: Number(number),
      ...(total === undefined ? {} : { total: Number(total) }),
      state: "started",
    };
    yield { kind: "step", step: this.#step };
  }

  *#end(state: "completed" | "cached"): Generator<BuildProgress> {
    if (this.#step?.state !== "started") return;
    this.#step = { ...this.#step, state };
    yield { kind: "step", step: this.#step };
  }

  *#fail(error: string): Generator<BuildProgress> {
    yield* this.#openLines();
    if (this.#step?.state !== "started") return;
    this.#step = { ...this.#step, state: "failed", error };
    yield { kind: "step", step: this.#step };
  }

  #status(record: Record<string, unknown>, text: string): BuildProgress {
    const detail = (record.progressDetail ?? {}) as { current?: unknown; total?: unknown };
    return {
      kind: "status",
      ...this.#stepId(),
      id: typeof record.id === "string" ? record.id : text,
      text,
      ...(typeof detail.current === "number" ? { current: detail.current } : {}),
      ...(typeof detail.total === "number" ? { total: detail.total } : {}),
      done: /complete$|^Already exists$/i.test(text),
    };
  }

  #stepId(): { stepId?: string } {
    return this.#step ? { stepId: this.#step.id } : {};
  }
}
