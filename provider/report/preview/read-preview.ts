import { stripVTControlCharacters } from "node:util";
import * as z from "zod";
import type { Properties } from "../../core/properties.ts";
import { parsePropertyPath } from "../../core/property-path.ts";
import { secretProperties } from "../../core/secret-properties.ts";
import { CARRIED, withoutCarried } from "../../dynamic/carried-inputs.ts";
import type { Diagnostic, Preview, PreviewedState, PreviewStep } from "./preview.ts";
import { controllerOf } from "./resource-type.ts";
import { hide, readShown, replaceAt } from "./shown-values.ts";

const MOST_OTHER_LINES = 100;

const Members = z.record(z.string(), z.unknown()).nullish();
const Shown = z.looseObject({
  id: z.string().nullish(),
  inputs: Members,
  outputs: Members,
  propertyDependencies: z.record(z.string(), z.array(z.string()).nullable()).nullish(),
});
type Shown = z.infer<typeof Shown>;

/** `pulumi preview --json` (pkg/backend/display/json.go) */
const Digest = z.looseObject({
  steps: z
    .array(
      z.looseObject({
        op: z.string(),
        urn: z.string(),
        oldState: Shown.nullish(),
        newState: Shown.nullish(),
        detailedDiff: Members,
      }),
    )
    .nullish(),
  diagnostics: z
    .array(z.looseObject({ severity: z.string(), message: z.string(), urn: z.string().nullish() }))
    .nullish(),
  changeSummary: z.record(z.string(), z.number()).nullish(),
});

/** A line of it with PULUMI_ENABLE_STREAMING_JSON_PREVIEW (sdk/go/common/apitype/events.go) */
const Event = z.looseObject({
  sequence: z.number(),
  resourcePreEvent: z
    .looseObject({
      metadata: z.looseObject({
        op: z.string(),
        urn: z.string(),
        old: Shown.nullish(),
        new: Shown.nullish(),
        detailedDiff: Members,
      }),
    })
    .optional(),
  diagnosticEvent: z
    .looseObject({
      severity: z.string(),
      message: z.string(),
      urn: z.string().nullish(),
      ephemeral: z.boolean().nullish(),
    })
    .optional(),
  summaryEvent: z.looseObject({ result: z.string().nullish() }).optional(),
});

/** Parts of one replacement, of which `replace` tells the whole. */
const PARTS_OF_REPLACEMENT = ["create-replacement", "delete-replaced", "import-replacement", "discard-replaced"];

/**
 * Reads the output of `pulumi preview --json`: one JSON document, or a stream of events, a line each; other lines before,
 * between and behind are allowed. It refuses nothing: what does not hold a preview is one that did not come to its end.
 */
export function readPreview(text: string): Preview {
  const secrets = new Set<string>();
  const builder = new PreviewBuilder((secret) => secrets.add(secret));
  const otherLines: string[] = [];
  for (const part of partsOf(text)) {
    const value = typeof part === "string" ? undefined : part.json;
    const event = Event.safeParse(value).data;
    const digest = event === undefined ? Digest.safeParse(value).data : undefined;
    if (event !== undefined) builder.addEvent(event);
    else if (digest?.steps !== undefined || digest?.changeSummary !== undefined || digest?.diagnostics !== undefined)
      builder.addDigest(digest);
    else otherLines.push(...(typeof part === "string" ? [part] : part.lines));
  }
  const lines = otherLines.map((line) => stripVTControlCharacters(line)).filter((line) => line.trim() !== "");
  return { ...builder.build(), otherLines: lines.slice(-MOST_OTHER_LINES), shownSecrets: [...secrets] };
}

class PreviewBuilder {
  readonly #found: (secret: string) => void;
  readonly #steps: PreviewStep[] = [];
  readonly #diagnostics: Diagnostic[] = [];
  #isEnded = false;
  #isFailed = false;

  constructor(found: (secret: string) => void) {
    this.#found = found;
  }

  addDigest({ steps, diagnostics }: z.infer<typeof Digest>): void {
    for (const { op, urn, oldState, newState, detailedDiff } of steps ?? [])
      this.#addStep(op, urn, oldState, newState, detailedDiff);
    for (const { severity, message, urn } of diagnostics ?? []) this.#addDiagnostic(severity, message, urn);
    this.#isEnded = true;
  }

  addEvent({ resourcePreEvent, diagnosticEvent, summaryEvent }: z.infer<typeof Event>): void {
    if (resourcePreEvent !== undefined) {
      const { op, urn, old, new: now, detailedDiff } = resourcePreEvent.metadata;
      this.#addStep(op, urn, old, now, detailedDiff);
    }
    if (diagnosticEvent !== undefined && diagnosticEvent.ephemeral !== true) {
      this.#addDiagnostic(diagnosticEvent.severity, diagnosticEvent.message, diagnosticEvent.urn);
    }
    if (summaryEvent !== undefined) {
      this.#isEnded = true;
      if ((summaryEvent.result ?? "succeeded") !== "succeeded") this.#isFailed = true;
    }
  }

  build(): Pick<Preview, "steps" | "diagnostics" | "isWhole"> {
    const isFailed = this.#isFailed || this.#diagnostics.some(({ severity }) => severity === "error");
    return { steps: this.#steps, diagnostics: this.#diagnostics, isWhole: this.#isEnded && !isFailed };
  }

  #addStep(
    op: string,
    urn: string,
    old: Shown | null | undefined,
    now: Shown | null | undefined,
    detailedDiff: Record<string, unknown> | null | undefined,
  ): void {
    if (PARTS_OF_REPLACEMENT.includes(op)) return;
    this.#steps.push({
      op,
      urn,
      ...(old ? { old: this.#state(urn, old) } : {}),
      ...(now ? { new: this.#state(urn, now) } : {}),
      changedPaths: Object.keys(detailedDiff ?? {}),
    });
  }

  #state(urn: string, { id, inputs, outputs, propertyDependencies }: Shown): PreviewedState {
    const [readInputs, readOutputs] = [inputs, outputs].map((bag) => this.#properties(urn, bag ?? {}));
    return {
      ...(id ? { id } : {}),
      inputs: readInputs!,
      outputs: readOutputs!,
      ...(propertyDependencies && {
        dependencies: Object.fromEntries(
          Object.entries(propertyDependencies).map(([key, urns]) => [key, urns ?? []] as const),
        ),
      }),
    };
  }

  /** Without what dynamic resources carry beside their own inputs; what is secret by the schema or for them is hidden. */
  #properties(urn: string, bag: Properties): Properties {
    const paths = bag[CARRIED.secrets];
    const marked = Array.isArray(paths) ? paths.filter((path) => typeof path === "string").map(parsePropertyPath) : [];
    const controller = controllerOf(urn);
    const always = controller === undefined ? [] : secretProperties(controller).map((key) => [key]);
    const values = withoutCarried(readShown(bag, this.#found) as Properties);
    return [...marked, ...always].reduce(
      (hidden, path) => replaceAt(hidden, path, (value) => (value === null ? value : hide(value, this.#found))),
      values,
    );
  }

  #addDiagnostic(severity: string, message: string, urn: string | null | undefined): void {
    if (severity === "debug") return;
    const kind = /^error/.test(severity) ? "error" : severity === "warning" ? "warning" : "info";
    const plain = stripVTControlCharacters(message).trim();
    // One document says it in the message, too; events do not.
    const text = plain.startsWith(`${kind}: `) ? plain.slice(kind.length + 2) : plain;
    if (text !== "") this.#diagnostics.push({ severity: kind, message: text, ...(urn ? { urn } : {}) });
  }
}

type Part = string | { json: unknown; lines: string[] };

/** JSON values, each on a line of its own or indented between a `{` and a `}` at the beginning of a line; else lines. */
function* partsOf(text: string): Generator<Part> {
  let open: string[] | undefined;
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    if (open !== undefined) {
      open.push(line);
      if (line !== "}") continue;
      const json = parse(open.join("\n"));
      if (json === undefined) yield* open;
      else yield { json, lines: open };
      open = undefined;
    } else if (line === "{") open = [line];
    else {
      const json = line.startsWith("{") ? parse(line) : undefined;
      yield json === undefined ? line : { json, lines: [line] };
    }
  }
  // The first lines of what was cut off tell nothing that a reader could use.
  if (open !== undefined) yield "(the JSON document is cut off)";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
