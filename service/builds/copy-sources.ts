import type { Step } from "pulumi-nullspace/wire";

/** A copy of a step, whichever of the two copy actions it came from. */
export interface CopyOrder {
  sources: string[];
  dst: string;
  user?: string;
  /** Permission bits for the files copied. */
  mode?: number;
}

/** The copies that a step asks for; empty for other steps. */
export function copyOrders(step: Step): CopyOrder[] {
  if (step.action !== "copy" && step.action !== "copy_items") return [];
  const items = step.action === "copy" ? [step] : step.items;
  return items.map(({ sources, dst, user, mode }) => ({
    sources,
    dst,
    ...(user !== undefined && { user }),
    ...(mode !== undefined && { mode: typeof mode === "number" ? mode & 0o7777 : Number.parseInt(mode, 8) & 0o7777 }),
  }));
}

/** A source as a context path: `.` and `./x/` are spelled `""` and `x`. */
export function normalizeSource(source: string): string {
  return source
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

/** Whether a context path is the source, or lies under it. */
export function isUnder(path: string, source: string): boolean {
  return source === "" || path === source || path.startsWith(`${source}/`);
}
