import { readFileSync } from "node:fs";
import { suggestName } from "pulumi-nullspace/sdk";
import { isMap, isPair, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import * as z from "zod";
import { asError, StartupError } from "../errors.ts";
import type { Placement } from "../drivers/kubernetes/placement.ts";
import { isRange, LABEL_KEY, LABEL_VALUE, OBJECT_NAME, TAINT_EFFECTS } from "./kubernetes-names.ts";

/** It becomes the value of a label, and a part of a name (RFC 1123). */
const PLACEMENT_NAME = /^[a-z0-9](?:[-a-z0-9]{0,30}[a-z0-9])?$/;

const Toleration = z
  .strictObject({
    key: z.string().regex(LABEL_KEY, "is not the key of a taint, such as nvidia.com/gpu").optional(),
    operator: z.enum(["Exists", "Equal"]).optional(),
    value: z.string().regex(LABEL_VALUE, "is not the value of a taint").optional(),
    effect: z.enum(TAINT_EFFECTS).optional(),
  })
  // As the API server of Kubernetes has it (`ValidateTolerations`).
  .refine(
    ({ operator, value }) => operator !== "Exists" || !value,
    "has a value, which operator Exists does not look at",
  )
  .refine(({ key, operator }) => key !== undefined || operator === "Exists", "has no key, which takes operator Exists")
  .transform(({ operator = "Equal", ...rest }) => ({ operator, ...rest }));

const Placed = z
  .strictObject({
    runtimeClassName: z.string().regex(OBJECT_NAME, "is not the name of a RuntimeClass").optional(),
    nodeSelector: z
      .record(
        z.string().regex(LABEL_KEY, "is not the key of a label, such as disktype"),
        z.string().regex(LABEL_VALUE, "is not the value of a label"),
      )
      .optional(),
    tolerations: z.array(Toleration).optional(),
    allowEgress: z.array(z.string().refine(isRange, "is not a range of addresses, such as 10.8.0.0/16")).optional(),
    cpuOvercommit: z.int().min(1).max(100).optional(),
  })
  .transform(({ runtimeClassName: runtimeClass, allowEgress: allowedEgress, ...rest }): Placement => ({
    ...rest,
    ...(runtimeClass !== undefined && { runtimeClass }),
    ...(allowedEgress !== undefined && { allowedEgress }),
  }));

const PlacementsFile = z.strictObject({
  placements: z.record(
    z.string().regex(PLACEMENT_NAME, "is not a name (at most 32 lower-case letters, digits and -)"),
    Placed,
  ),
});

/** Names that a file has at each depth, to find the one that was meant. */
const KNOWN = {
  file: ["placements"],
  placement: ["runtimeClassName", "nodeSelector", "tolerations", "allowEgress", "cpuOvercommit"],
  toleration: ["key", "operator", "value", "effect"],
};

/**
 * Reads the placements of a file.
 *
 * @throws StartupError that names each line with something wrong
 */
export function readPlacements(file: string): ReadonlyMap<string, Placement> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw unusable(`The file ${file} with the placements cannot be read: ${asError(error).message}`, error);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems = document.errors.map(({ pos, message }) => `line ${lines.linePos(pos[0]).line}: ${message}`);
  if (problems.length === 0) {
    const parsed = PlacementsFile.safeParse(valueOf(document) ?? {});
    if (parsed.success) return new Map(Object.entries(parsed.data.placements));
    problems.push(...parsed.error.issues.flatMap((issue) => wordsOf(issue, document, lines)));
  }
  throw unusable(`The placements in ${file} cannot be used:\n${problems.map((line) => `  ${line}`).join("\n")}`);
}

function unusable(message: string, cause?: unknown): StartupError {
  return new StartupError(message, "placements_unusable", cause);
}

/** Aliases of YAML are bounded by its parser, which throws at a bomb. */
function valueOf(document: Document.Parsed): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    throw unusable(`The file with the placements is not one: ${asError(error).message}`, error);
  }
}

function wordsOf(issue: z.core.$ZodIssue, document: Document.Parsed, lines: LineCounter): string[] {
  const at = (path: readonly PropertyKey[]) => `line ${lineOf(document, path, lines)}: ${nameOf(path)}`;
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const known = knownAt(issue.path);
      const near = suggestName(key, known);
      const advice = near === undefined ? `; there are ${known.join(", ")}` : `; did you mean ${near}?`;
      return `${at([...issue.path, key])} is not known${advice}`;
    });
  }
  if (issue.code === "invalid_key") {
    const [inner] = issue.issues;
    return [`${at(issue.path)} ${inner?.message ?? "is not a name"}`];
  }
  const isMissing = issue.code === "invalid_type" && document.getIn(issue.path) === undefined;
  if (isMissing) return [`${at(issue.path)} is missing`];
  if (issue.code === "invalid_type") return [`${at(issue.path)} is not ${aOrAn(issue.expected)}`];
  if (issue.code === "invalid_value") return [`${at(issue.path)} is not one of ${issue.values.join(", ")}`];
  if (issue.code === "too_small") return [`${at(issue.path)} is less than ${issue.minimum}`];
  if (issue.code === "too_big") return [`${at(issue.path)} is more than ${issue.maximum}`];
  return [`${at(issue.path)} ${issue.message}`];
}

function aOrAn(expected: string): string {
  if (expected === "record" || expected === "object") return "a map";
  return expected === "array" ? "a list" : expected === "int" ? "a whole number" : `a ${expected}`;
}

function knownAt(path: readonly PropertyKey[]): string[] {
  if (path.length === 0) return KNOWN.file;
  return path.length === 2 ? KNOWN.placement : KNOWN.toleration;
}

function nameOf(path: readonly PropertyKey[]): string {
  const name = path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}${text === "" ? "" : "."}${String(part)}`),
    "",
  );
  return name === "" ? "the file" : name;
}

/** The line of a member, or of the nearest one around it that is there. */
function lineOf(document: Document.Parsed, path: readonly PropertyKey[], lines: LineCounter): number {
  const inside = path.slice(0, -1);
  const last = path.at(-1);
  const parent = inside.length === 0 ? document.contents : document.getIn(inside, true);
  if (isMap(parent)) {
    const pair = parent.items.find(
      (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(last),
    );
    if (pair !== undefined && isScalar(pair.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line;
  }
  const node = document.getIn(path, true);
  const range = (node as { range?: [number, number, number] | null } | undefined)?.range;
  if (range) return lines.linePos(range[0]).line;
  return path.length === 0 ? 1 : lineOf(document, inside, lines);
}
