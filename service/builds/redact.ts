/** Shorter values would blank out ordinary text, and are no secrets worth the name. */
const MIN_SECRET_CHARACTERS = 4;

const MASK = "***";

/**
 * A function that blanks out secrets in log lines and error messages: the whole value, and each line of one that has
 * several, because a command prints it line by line.
 */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const parts = new Set<string>();
  for (const secret of secrets) {
    for (const part of [secret, ...secret.split(/\r?\n/)]) {
      if (part.trim().length >= MIN_SECRET_CHARACTERS) parts.add(part).add(part.trim());
    }
  }
  // The longest first: a part of a secret must not break up the whole.
  const ordered = [...parts].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((masked, part) => masked.replaceAll(part, MASK), text);
}
