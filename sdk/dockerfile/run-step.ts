import { contextPath, UNKNOWN_SOURCE, type ContextSource } from "./context-source.ts";
import { expandWord, UNTOLD, type Variables } from "./expand-word.ts";
import type { Instruction } from "./parse-dockerfile.ts";
import { readJsonWords, splitFlags } from "./words.ts";

/** What a RUN says. */
export interface RunReading {
  /** The command; with {@link usesShell}, the text that the shell is given. */
  command: string;
  usesShell: boolean;
  /** Its flags, variables replaced. */
  flags: string;
  /** What its mounts read of the context. */
  sources: ContextSource[];
  /** What its mounts take files from, as `from=` says it. */
  from: string[];
}

const FLAGS = new Set(["mount", "network", "security", "device"]);
const TYPES = new Set(["bind", "cache", "tmpfs", "secret", "ssh"]);

/** @returns `undefined` when it holds something that cannot be judged */
export function readRun({ argument, heredocs }: Instruction, variables: Variables): RunReading | undefined {
  const { flags, rest } = splitFlags(argument);
  const words = readJsonWords(rest);
  const run: RunReading = {
    command: JSON.stringify(words ?? [rest, ...heredocs.map(({ body }) => body)]),
    usesShell: words === undefined,
    flags: "",
    sources: [],
    from: [],
  };
  for (const { name, value } of flags) {
    if (!FLAGS.has(name)) return undefined;
    const fields = name === "mount" ? readMount(value ?? "", variables) : undefined;
    if (name === "mount" && !fields) return undefined;
    run.flags += `${name} ${fields ? JSON.stringify([...fields]) : value}\n`;
    if (fields && !addMount(run, fields)) return undefined;
  }
  return run;
}

/** @returns whether the mount can be judged */
function addMount(run: RunReading, fields: ReadonlyMap<string, string>): boolean {
  const type = (fields.get("type") ?? "bind").toLowerCase();
  const from = fields.get("from");
  if (!TYPES.has(type)) return false;
  if (from !== undefined && from !== "") run.from.push(from);
  else if (type === "bind") {
    // Older builders never take such a step from the cache.
    if (isWritable(fields)) return false;
    const source = fields.get("source") ?? fields.get("src") ?? "";
    run.sources.push(source.includes(UNTOLD) ? UNKNOWN_SOURCE : contextPath(source));
  }
  return true;
}

function isWritable(fields: ReadonlyMap<string, string>): boolean {
  const isTrue = (name: string) => ["", "1", "t", "T", "TRUE", "true", "True"].includes(fields.get(name) ?? "no");
  if (isTrue("rw") || isTrue("readwrite")) return true;
  return ["ro", "readonly"].some((name) => fields.has(name) && !isTrue(name));
}

/** The fields of a mount; those without a value have an empty one. @returns `undefined` when they cannot be told */
export function readMount(text: string, variables: Variables): Map<string, string> | undefined {
  // The fields are CSV, and quotes hold commas together; nobody needs it.
  if (text.includes('"')) return undefined;
  const fields = new Map<string, string>();
  for (const field of text.split(",")) {
    const [, name = "", , value = ""] = /^([^=]*)(=(.*))?$/s.exec(field) ?? [];
    const key = name.toLowerCase();
    const expanded = key === "from" ? value : expandWord(value, variables);
    if (expanded === undefined || (key === "from" && value.includes("$"))) return undefined;
    fields.set(key, expanded);
  }
  return fields;
}
