import { repo } from "../support/pulumi-project.ts";

/** Members that say when and where a run was, and nothing of what it shows. */
const INCIDENTAL = ["sourcePosition", "stackTrace", "created", "modified", "duration", "timestamp", "durationSeconds"];

/** What of a run depends on the machine, the time and chance, in a form that is always the same. */
export function normalizePreview(output: string, folder: string): string {
  const text = output
    .replaceAll(folder, "/home/me")
    .replaceAll(repo, "/home/me/pulumi-nullspace")
    .replaceAll(process.env.NULLSPACE_BASE_IMAGE ?? "\0", "registry.example/busybox:1.35")
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "https://nullspace.example")
    .replaceAll(/\b[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}\b/g, (uuid) =>
      uuid === UNKNOWN ? uuid : "00000000-0000-4000-8000-000000000000",
    )
    .replaceAll(/("id": ?)"[\da-f]{16}"/g, '$1"0123456789abcdef"');
  const ids = new Map<string, number>();
  const numbered = text.replaceAll(/\b(tb|tmpl|twp)_[0-9a-hjkmnp-tv-z]{26}\b/g, (id, kind: string) => {
    if (!ids.has(id)) ids.set(id, ids.size + 1);
    return `${kind}_${String(ids.get(id)).padStart(26, "0")}`;
  });
  return numbered.startsWith("{\n")
    ? `${rewrite(numbered, 2)}\n`
    : numbered.replaceAll(/^\{.*$/gm, (line) => rewrite(line));
}

/** Stands for a value that is not known yet. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function rewrite(json: string, indent?: number): string {
  const value: unknown = JSON.parse(json, (key, member: unknown) => (INCIDENTAL.includes(key) ? undefined : member));
  return JSON.stringify(value, null, indent);
}
