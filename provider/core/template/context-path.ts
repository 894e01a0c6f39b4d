import { posix } from "node:path";

/** A copy source as a path of the context: `./src/` and `src` are the same, `.` is the context itself. */
export function contextPath(source: string): string {
  const normal = posix.normalize(source);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}
