import fc from "fast-check";

/** What Dockerfiles are made of, and what has two meanings in them. */
const PIECES = [
  ...[
    "<<EOF",
    "<<-EOF",
    "<< EOF",
    "<<'EOF'",
    '<<"E F"',
    "<<E\\OF",
    "3<<EOF",
    "<<<EOF",
    '<<<"x"',
    "<<",
    "<<-",
    "a<<EOF",
  ],
  ...["$((1<<EOF))", "$((1 <<EOF))", "$(cat <<EOF)", "(<<EOF)", "<<$A", "<<${A:-b c}", "<<''", "<<EOF;", "<EOF", ">/x"],
  ...[
    "$A",
    "${A}",
    "${A:-x}",
    "${A:-<<EOF }",
    "${A/b/c}",
    "${A#b}",
    "${A##'*'}",
    "${",
    "${A:}",
    "${A!b}",
    "$",
    "$1",
    "$$",
  ],
  ...["'", '"', "'a b'", '"a b"', '"a\\"b"', "it's", "\\'", '\\"', "`", "\\", "\\\\", "``", "\\ ", "` "],
  ...['["a","b"]', '["a", 1]', "[]", "['a']", '["<<EOF"', "[", "]", '[ "a" ] b', "{}", "#", "# x", "a#b"],
  ...[
    "--mount=type=bind,from=x,target=/m",
    "--from=one",
    "--chown=1:2",
    "--link",
    "--platform=$P",
    "--",
    "--x='a b'",
    "-x",
  ],
  ...['--mount=type=secret,id=a,"b=c"', "--interval=5s", "A=1", 'B="x y"', "C='x", "D=a\\ b", "=x", "A", "a.b=1"],
  ...["http://x/y", "/x/", ".", "x:1", "AS", "as", "One", "scratch", "NONE", "CMD", "RUN", "ONBUILD", "EOF", "A$B"],
  ...["\u00a0", "\u0085", "\u3000", "\v", "\f", "\r", "\u00e0", "\u{1f600}", "\uFEFF", "\u2028", "\u0000"],
];
const KEYWORDS = (
  "FROM RUN COPY ADD ENV ARG LABEL CMD ENTRYPOINT HEALTHCHECK ONBUILD SHELL USER WORKDIR VOLUME EXPOSE STOPSIGNAL " +
  "MAINTAINER run Copy onbuild UNKNOWN"
).split(" ");

const piece = fc.constantFrom(...PIECES);
const blank = fc.constantFrom(" ", " ", " ", "  ", "\t", "");
const sequence = (of: fc.Arbitrary<string>, maxLength: number) =>
  fc.array(fc.tuple(of, blank), { maxLength }).map((parts) => parts.flat().join(""));
const keyword = fc.constantFrom(...KEYWORDS);
const continuation = fc.constantFrom(
  " \\\n",
  "\\\n",
  " `\n",
  "\\ \t\n",
  "\\\r\n",
  "\\\n\n",
  "\\\n# c\n",
  "\\\n  #c\n\t\n",
  "\\\\\n",
);

/** An instruction; now and then with its arguments on several lines. */
const instruction = fc
  .tuple(
    fc.constantFrom("", "", " ", "\t"),
    keyword,
    fc.array(fc.oneof({ weight: 4, arbitrary: piece }, { weight: 1, arbitrary: keyword }), { maxLength: 6 }),
    fc.array(fc.oneof({ weight: 5, arbitrary: blank }, { weight: 1, arbitrary: continuation }), {
      minLength: 7,
      maxLength: 7,
    }),
  )
  .map(([indent, word, words, gaps]) => `${indent}${word} ${words.map((one, at) => one + gaps[at]!).join("")}`);

/** One that opens here-documents, with their bodies: valid as a rule. */
const withHeredocs = fc
  .tuple(
    fc.constantFrom("RUN", "COPY", "ADD", "ONBUILD RUN", "run", "RUN --network=none", "CMD"),
    fc.array(
      fc.record({
        name: fc.constantFrom("EOF", "E", "E F", "x.sh", "A1"),
        form: fc.constantFrom("<<N", "<<-N", "<<'N'", '<<"N"', "<< N", "<<\\N", "4<<N"),
        body: fc.array(
          fc.oneof(sequence(piece, 3), fc.constantFrom("", "\tx", "EOF ", "\tE", "ADD http://x /y", "FROM y")),
          {
            maxLength: 3,
          },
        ),
        isEnded: fc.integer({ max: 9 }).map((number) => number > 0),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    fc.constantFrom("", " /x/", " && b", " | sh", " # c"),
  )
  .map(([word, heredocs, rest]) =>
    [
      `${word} ${heredocs.map(({ name, form }) => form.replace("N", name)).join(" ")}${rest}`,
      ...heredocs.flatMap(({ name, form, body, isEnded }) => [
        ...body,
        ...(isEnded ? [(form === "<<-N" ? "\t" : "") + name] : []),
      ]),
    ].join("\n"),
  );

const directive = fc.constantFrom(
  ...[
    "# escape=`",
    "#escape=\\",
    "# Escape = `  ",
    "# escape=x",
    "# syntax=docker/dockerfile:1",
    "# syntax = a b",
    "#check=skip=all",
  ],
  ...["# unknown=1", "// syntax=x", "#!/bin/x", " # escape=`", "# comment", "", '{"syntax":"x"}'],
);

const line = fc.oneof(
  { weight: 6, arbitrary: instruction },
  { weight: 3, arbitrary: withHeredocs },
  { weight: 1, arbitrary: fc.constantFrom("", "# c", "  # c", "EOF", "\tEOF", "E", "\\", "`", " ", "\\\n\n\nRUN x") },
);

const whole = fc
  .tuple(
    fc.constantFrom("", "", "", "\uFEFF"),
    fc.array(directive, { maxLength: 2 }),
    fc.array(line, { minLength: 1, maxLength: 6 }),
    fc.constantFrom("\n", "\n", "\r\n"),
    fc.constantFrom("\n", "", "\\", "\n\n"),
  )
  .map(([mark, directives, lines, end, last]) => mark + [...directives, "FROM x", ...lines].join(end) + last);

/** A text of the corpus with a few places of it changed. @param texts that are changed */
function mutated(texts: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.tuple(
    fc.nat(),
    fc.integer({ min: 0, max: 4 }),
    fc.oneof(piece, keyword, fc.constantFrom("\n", " ", "\t", "")),
  );
  return fc.tuple(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 })).map(([text, edits]) =>
    edits.reduce((all, [place, length, put]) => {
      const characters = Array.from(all);
      characters.splice(place % (characters.length + 1), length, put);
      return characters.join("");
    }, text),
  );
}

/** Texts that a Dockerfile's parser may meet: made of the grammar, and of a corpus by mutation. */
export function arbitraryDockerfile(corpus: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof({ weight: 3, arbitrary: whole }, { weight: 1, arbitrary: mutated(corpus) });
}
