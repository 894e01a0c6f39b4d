const NOT_ASCII = /[^\0-\x7f]/;
const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Paths are read as Latin-1, one character a byte: no name is lost, and comparing strings compares bytes.

export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

/** What a system call takes: the string itself where it is ASCII, else the bytes it stands for. */
export function systemPath(latin1: string): string | Buffer {
  return NOT_ASCII.test(latin1) ? Buffer.from(latin1, "latin1") : latin1;
}

/** The text that the bytes spell in UTF-8; `undefined` when they spell none. */
export function decodeName(latin1: string): string | undefined {
  if (!NOT_ASCII.test(latin1)) return latin1;
  try {
    return STRICT.decode(Buffer.from(latin1, "latin1"));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The text for people: a name in the path that is not UTF-8 with its bytes as `\xNN`. */
export function displayName(latin1: string): string {
  return decodeName(latin1) ?? latin1.split("/").map(displaySegment).join("/");
}

function displaySegment(latin1: string): string {
  return decodeName(latin1) ?? latin1.replace(/[^\x20-\x7e]/g, (character) => `\\x${hex(character)}`);
}

/** The text of a name that patterns are matched with: bytes that are not UTF-8 become U+FFFD, as in Go. */
export function matchText(name: string): string {
  return decodeName(name) ?? Buffer.from(name, "latin1").toString("utf8");
}

export function toLatin1(text: string): string {
  return NOT_ASCII.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, "0");
}
