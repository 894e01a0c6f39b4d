import { ContextChangedError, PinnedHashError } from "../../errors.ts";
import type { Properties } from "../properties.ts";
import type { OperationContext } from "../operation-context.ts";
import { TemplateInputs } from "./inputs.ts";
import { isContextUnknown } from "./source-kind.ts";
import { readTemplateFiles, type ContextInputs, type TemplateFiles } from "./template-context.ts";

/** Paths that a message names. */
const MOST_NAMED = 10;
/** Hashes that Check took in this process are told from pinned ones by this; a cache, so it has an end. */
const MOST_REMEMBERED = 10_000;

/** Hashes that Check computed in this process. A cache that only decides which of two messages is given. */
const computed = new Set<string>();

/** Remembers that a hash was taken from files, not pinned. */
export function noteComputedHash(hash: string): void {
  if (computed.size >= MOST_REMEMBERED) computed.clear();
  computed.add(hash);
}

/**
 * What is recorded is what is built: the files that are about to be sent must have the hash that the inputs say.
 *
 * @throws ContextChangedError when files changed since Check looked at them
 * @throws PinnedHashError when the hash is pinned, by the program or by `ignoreChanges`, and the files have another
 */
export function requireSameHash(
  inputs: Pick<TemplateInputs, "contextHash" | "contextFiles">,
  local: TemplateFiles,
): void {
  const { contextHash } = inputs;
  if (contextHash === undefined || contextHash === local.hash) return;
  const changed = changedFiles(inputs.contextFiles, local.manifest);
  if (computed.has(contextHash)) throw new ContextChangedError({ contextHash, actualHash: local.hash, changed });
  throw new PinnedHashError({ contextHash, actualHash: local.hash, changed });
}

/** The lines that differ, the first of them, as `~ path`, `+ path`, `- path`. */
function changedFiles(
  before: Readonly<Record<string, string>> | undefined,
  after: Readonly<Record<string, string>>,
): string[] {
  if (before === undefined) return [];
  const lines = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((path) => {
    const [old, now] = [before, after].map((files) => (Object.hasOwn(files, path) ? files[path] : undefined));
    if (old === now) return [];
    return [`${old === undefined ? "+" : now === undefined ? "-" : "~"} ${path}`];
  });
  const more = lines.length - MOST_NAMED;
  return more > 0 ? [...lines.slice(0, MOST_NAMED), `and ${more} more`] : lines;
}

/**
 * In a preview: the same for a pinned hash, which Check takes as it is. What Check has just computed is not read again.
 *
 * @throws PinnedHashError
 */
export async function requirePinnedFiles(properties: Properties, { cwd, signal }: OperationContext): Promise<void> {
  const { contextHash } = properties;
  if (typeof contextHash !== "string" || computed.has(contextHash)) return;
  if (isContextUnknown(properties)) return;
  const inputs = TemplateInputs.pick({ contextHash: true, contextFiles: true }).safeParse(properties).data;
  if (inputs !== undefined) requireSameHash(inputs, await readTemplateFiles(properties as ContextInputs, cwd, signal));
}
