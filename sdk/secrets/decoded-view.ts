/** A text as a reader of one of its encodings sees it, with the way back. */
export interface DecodedView {
  text: string;
  /** For each character of `text`, and for its end: where it begins in the text that was decoded. */
  starts: readonly number[] | undefined;
}

const PERCENT = /(?:%[0-9A-Fa-f]{2})+/g;
const ESCAPE = /\\(?:u([0-9A-Fa-f]{4})|(["\\/bfnrt]))/g;
/** A quote inside a quoted word, as shells write it: `'\\''` in bash, `'"'"'` in busybox and dash. */
const SHELL_QUOTE = /'\\''|'"'"'/g;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
/** JSON inside JSON, as an error that quotes an answer has it; more depths than this are nobody's. */
const MAX_DEPTH = 3;

/**
 * The text itself, and what it reads as when percent signs (RFC 3986, section 2.1; with `+` for a space, as forms write
 * it) or JSON's backslashes (RFC 8259, section 7) are taken for escapes, whichever characters the writer chose to escape.
 */
export function* decodedViews(text: string): Generator<DecodedView> {
  yield { text, starts: undefined };
  if (text.includes("%")) {
    yield rewrite(text, PERCENT, ([run]) => decodePercent(run!));
    if (text.includes("+")) {
      yield rewrite(text, /(?:%[0-9A-Fa-f]{2})+|\+/g, ([run]) => (run === "+" ? [[" ", 0]] : decodePercent(run!)));
    }
  } else if (text.includes("+")) yield { text: text.replaceAll("+", " "), starts: undefined };
  // The trace of a shell (`set -x`) quotes each word of a command.
  if (text.search(SHELL_QUOTE) !== -1) yield rewrite(text, SHELL_QUOTE, () => [["'", 0]]);
  let view: DecodedView = { text, starts: undefined };
  for (let depth = 0; depth < MAX_DEPTH && view.text.includes("\\"); depth++) {
    const deeper = rewrite(view.text, ESCAPE, ([, code, short]) => [
      [code === undefined ? (SHORT_ESCAPES[short!] ?? short!) : String.fromCharCode(parseInt(code, 16)), 0],
    ]);
    const { starts } = view;
    view = starts === undefined ? deeper : { text: deeper.text, starts: deeper.starts!.map((start) => starts[start]!) };
    yield view;
  }
}

/** Replaces what matches by characters, each with its place inside the match. */
function rewrite(
  text: string,
  pattern: RegExp,
  decode: (match: RegExpExecArray) => readonly (readonly [character: string, offset: number])[],
): DecodedView {
  const starts: number[] = [];
  let decoded = "";
  let position = 0;
  const copyUntil = (end: number): void => {
    decoded += text.slice(position, end);
    for (; position < end; position++) starts.push(position);
  };
  for (const match of text.matchAll(pattern)) {
    copyUntil(match.index);
    for (const [characters, offset] of decode(match)) {
      decoded += characters;
      for (let unit = 0; unit < characters.length; unit++) starts.push(match.index + offset);
    }
    position = match.index + match[0].length;
  }
  copyUntil(text.length);
  starts.push(text.length);
  return { text: decoded, starts };
}

/** `%C3%A9` as UTF-8, one code point at a time, so that each keeps its place. */
function decodePercent(run: string): (readonly [string, number])[] {
  const bytes = Buffer.from(run.replaceAll("%", ""), "hex");
  const characters: (readonly [string, number])[] = [];
  for (let index = 0; index < bytes.length;) {
    const lead = bytes[index]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    characters.push([bytes.toString("utf8", index, index + length), index * 3]);
    index += length;
  }
  return characters;
}
