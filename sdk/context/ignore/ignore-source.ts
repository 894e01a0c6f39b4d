/** How ignore patterns are read: Docker's rules (moby's matcher) or Git's (as the service's Python client reads them). */
export type IgnoreSyntax = "docker" | "gitignore";

/** Where ignore rules come from, and how they are read. */
export interface IgnoreSource {
  /** Default `docker`. */
  syntax?: IgnoreSyntax;
  /** An ignore file: its text, and its name for messages and explanations. */
  file?: { name: string; text: string };
  /** More patterns, read after the file's. */
  patterns?: readonly string[];
  /** Paths that are sent whatever the rules say. Default none. */
  alwaysSent?: readonly string[];
}
