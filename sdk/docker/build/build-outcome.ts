import { type EngineError, ImageBuildCutShortError, ImageBuildError } from "../errors.ts";
import { type EngineRecord, errorOf } from "../json-records.ts";
import { BuildKitProgress } from "./buildkit-progress.ts";
import { ClassicProgress } from "./classic-progress.ts";
import { lineOfStep } from "./dockerfile-instructions.ts";
import type { BuildProgress, BuildStep, ProgressDecoder } from "./progress.ts";

/** See `BuildResult`. */
interface BuiltImage {
  imageId: string;
  manifestDigest?: string;
}

/** A build that a builder works on. */
export interface StartedBuild {
  /** The engine's bytes. */
  chunks: AsyncGenerator<Buffer>;
  /** What is read out of the records. */
  outcome: BuildOutcome;
}

/** How many of the last log lines an error carries. */
const LOG_TAIL_LINES = 40;
const IMAGE_ID = /sha256:[0-9a-f]{64}/;
/** `exit code: 3` of BuildKit, `exit status 3` of Podman; the classic builder sends the number by itself. */
const EXIT_CODE = /exit (?:code:|status) (\d+)\s*$/m;
/** A Dockerfile that does not parse: both builders say the line, each in its own words. */
const PARSE_ERROR_LINE = /dockerfile parse error (?:on )?line (\d+)/i;
/** Newer BuildKits put the excerpt of the Dockerfile into the error: `Dockerfile:3`, a rule, the lines. */
const EXCERPT_LINE = /^[^\s:]+:(\d+)\n-{5,}$/m;

/** The failure that an engine's refusal of the whole build means: the classic builder refuses a bad Dockerfile so. */
export function refusedBuild(error: EngineError): ImageBuildError {
  const dockerfileLine = statedLine(error.engineMessage);
  return new ImageBuildError(error.engineMessage, { dockerfileLine, logTail: [] }, error);
}

/** Follows a build's records and knows, at the end, what came of it. */
export class BuildOutcome {
  readonly #builder: "buildkit" | "classic";
  readonly #makesImage: boolean;
  readonly #dockerfile: string | undefined;
  readonly #decoder: ProgressDecoder;
  readonly #logTail: { stepId: string | undefined; text: string }[] = [];
  #failedStep: BuildStep | undefined;
  #imageId: string | undefined;
  #manifestDigest: string | undefined;
  #error: { message: string; code?: number } | undefined;

  /** @param makesImage whether an end without an image is no end */
  constructor(builder: "buildkit" | "classic", dockerfile: string | undefined, makesImage = true) {
    this.#makesImage = makesImage;
    this.#builder = builder;
    this.#dockerfile = dockerfile;
    this.#decoder = builder === "buildkit" ? new BuildKitProgress() : new ClassicProgress();
  }

  /** Takes in one record. @returns the progress in it */
  observe(record: EngineRecord): BuildProgress[] {
    const imageId = imageIdOf(record);
    if (imageId !== undefined) this.#imageId = imageId;
    this.#manifestDigest = manifestDigestOf(record) ?? this.#manifestDigest;
    this.#error = errorOf(record) ?? this.#error;
    return this.#follow(this.#decoder.decode(record));
  }

  /** The stream has ended. @returns the progress that was held back */
  end(): BuildProgress[] {
    const rest = this.#error ? [] : this.#follow(this.#decoder.flush());
    if (!this.#error && this.#hasImage) rest.push({ kind: "image", ...this.#image });
    return rest;
  }

  /** @throws ImageBuildError when the builder said so, ImageBuildCutShortError when it said nothing */
  result(): BuiltImage {
    if (this.#error) throw this.#failure(this.#error);
    if (!this.#hasImage && this.#makesImage) throw new ImageBuildCutShortError();
    return this.#image;
  }

  /** One for several platforms has a manifest alone. */
  get #hasImage(): boolean {
    return this.#imageId !== undefined || this.#manifestDigest !== undefined;
  }

  get #image(): BuiltImage {
    const digest = this.#manifestDigest;
    return { imageId: this.#imageId ?? "", ...(digest === undefined ? {} : { manifestDigest: digest }) };
  }

  #follow(progress: Iterable<BuildProgress>): BuildProgress[] {
    const all = [...progress];
    for (const one of all) {
      if (one.kind === "log") {
        this.#logTail.push({ stepId: one.stepId, text: one.text });
        if (this.#logTail.length > LOG_TAIL_LINES) this.#logTail.shift();
      } else if (one.kind === "step" && one.step.state === "failed") this.#noteFailed(one.step);
    }
    return all;
  }

  /** A cache that is not there fails, too, and the build goes on: a step of the Dockerfile says more, and then the last one. */
  #noteFailed(step: BuildStep): void {
    if (this.#failedStep?.number === undefined) this.#failedStep = step;
  }

  #failure({ message, code }: { message: string; code?: number }): ImageBuildError {
    const step = this.#failedStep;
    const exitCode = code || Number(EXIT_CODE.exec(message)?.[1]) || undefined;
    // Steps run side by side in BuildKit; the lines of the failing one are those that matter.
    const own = this.#logTail.filter(({ stepId }) => stepId === step?.id);
    return new ImageBuildError(message, {
      step: step?.name,
      dockerfileLine: this.#lineOf(message, step),
      exitCode,
      logTail: (own.length > 0 ? own : this.#logTail).map(({ text }) => text),
    });
  }

  #lineOf(message: string, step: BuildStep | undefined): number | undefined {
    const stated = statedLine(message);
    if (stated !== undefined) return stated;
    if (step === undefined || this.#dockerfile === undefined) return undefined;
    return lineOfStep(this.#dockerfile, step.name, this.#builder);
  }
}

/** As BuildKit's exporters name it, in the record that this client makes of their answer. */
function manifestDigestOf({ aux }: EngineRecord): string | undefined {
  const digest = (aux as { ManifestDigest?: unknown } | undefined)?.ManifestDigest;
  return typeof digest === "string" ? digest : undefined;
}

function statedLine(message: string): number | undefined {
  const line = PARSE_ERROR_LINE.exec(message)?.[1] ?? EXCERPT_LINE.exec(message)?.[1];
  return line === undefined ? undefined : Number(line);
}

/** Both builders name the image in `aux.ID` (API 1.30); a quiet build writes nothing but its ID. */
function imageIdOf(record: EngineRecord): string | undefined {
  const aux = record.aux as { ID?: unknown } | string | undefined;
  if (typeof aux === "object" && typeof aux.ID === "string") {
    return aux.ID.startsWith("sha256:") ? aux.ID : `sha256:${aux.ID}`;
  }
  const text = typeof record.stream === "string" ? record.stream.trim() : "";
  return IMAGE_ID.exec(text)?.[0] === text && text !== "" ? text : undefined;
}
