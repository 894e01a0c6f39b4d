/** A build, and one change. `MARK` in its texts is another word in every run: nothing is in the cache from before. */
export interface CacheRow {
  what: string;
  /** Lines of the Dockerfile. */
  dockerfile: string[];
  /** @default none */
  args?: Record<string, string>;
  target?: string;
  /** Content of a file; `undefined` takes it away. */
  files?: Record<string, string | undefined>;
  newArgs?: Record<string, string>;
  /** Lines that replace those of the number, from 1. */
  lines?: Record<number, string[]>;
  /** What is right to say: where the loss is (the default), or nothing, as there is none or nobody can tell. */
  says?: "nothing lost" | "nothing";
  /** The engine's own BuildKit is too old for it. */
  isNew?: true;
  /** The classic builder agrees: there is no stage that is not needed, and no changed variable but in a RUN. */
  isOldToo?: true;
}

/** Files of every row; the content of each is its own. */
export const FILES = ["a.txt", "b.txt", "package.json", "src/main.js", "src/lib/util.js", "docs/read.md"];
const STAGES = [
  "FROM base AS tools",
  "RUN echo MARK tools > /tool",
  "COPY docs /docs",
  "FROM base AS unused",
  "COPY b.txt /",
  "FROM tools AS build",
  "COPY src /src",
  "RUN echo MARK build",
  "FROM base",
  "COPY --from=build /src /src",
  "COPY a.txt /",
];
const SCRIPT = ["FROM base", "COPY package.json /app/", "RUN echo MARK install", "COPY src /app/src", "RUN echo MARK"];

export const ROWS: readonly CacheRow[] = [
  { what: "a file that a later COPY reads", dockerfile: SCRIPT, files: { "src/lib/util.js": "x" }, isOldToo: true },
  { what: "a file that the first COPY reads", dockerfile: SCRIPT, files: { "package.json": "x" } },
  { what: "a new file in a folder", dockerfile: SCRIPT, files: { "src/new.js": "x" } },
  { what: "a file that is gone", dockerfile: SCRIPT, files: { "src/main.js": undefined } },
  { what: "a file that nothing reads", dockerfile: SCRIPT, files: { "docs/read.md": "x" }, says: "nothing lost" },
  { what: "two files, the later read first", dockerfile: SCRIPT, files: { "src/main.js": "x", "package.json": "x" } },
  {
    what: "a file under a pattern",
    dockerfile: ["FROM base", "RUN echo MARK", "COPY s*/*.js /x/", "COPY . /y"],
    files: { "src/main.js": "x" },
  },
  {
    what: "a file that a pattern leaves out",
    dockerfile: ["FROM base", "COPY *.js? [^a]*.txt /x/", "RUN echo MARK", "COPY . /y/"],
    files: { "a.txt": "x" },
  },
  {
    what: "a file in a folder that a pattern finds",
    dockerfile: ["FROM base", "COPY sr? /x/", "COPY . /y/"],
    files: { "src/lib/util.js": "x" },
  },
  {
    what: "a file behind variables",
    dockerfile: ["ARG D=src", "FROM base", "ARG D", "ENV E=$D/lib", "COPY ${E} /x", "COPY $D /y"],
    files: { "src/main.js": "x" },
  },
  {
    what: "a file by its name in brackets",
    dockerfile: ["FROM base", 'COPY ["b.txt", "a.txt", "/x/"]', "RUN echo MARK"],
    files: { "a.txt": "x" },
  },
  {
    what: "a file of ADD",
    dockerfile: ["FROM base", "RUN echo MARK", "ADD ./docs/../a.txt /x"],
    files: { "a.txt": "x" },
  },
  {
    what: "a file that is mounted",
    dockerfile: ["FROM base", "COPY b.txt /", "RUN --mount=type=bind,source=src,target=/m echo MARK", "COPY . /x"],
    files: { "src/main.js": "x" },
  },
  {
    what: "a file beside a mount",
    dockerfile: ["FROM base", "RUN --mount=source=src,target=/m echo MARK", "COPY . /x"],
    files: { "a.txt": "x" },
  },
  {
    what: "a file of the context, all of it mounted",
    dockerfile: ["FROM base", "RUN --mount=target=/m echo MARK"],
    files: { "a.txt": "x" },
  },
  {
    what: "a file of a stage that is needed in the end",
    dockerfile: STAGES,
    files: { "src/main.js": "x", "a.txt": "x" },
  },
  { what: "a file of a stage below a stage", dockerfile: STAGES, files: { "docs/read.md": "x" } },
  { what: "a file of the last stage", dockerfile: STAGES, files: { "a.txt": "x", "b.txt": "x" } },
  { what: "a file of a stage that is not needed", dockerfile: STAGES, files: { "b.txt": "x" }, says: "nothing lost" },
  {
    what: "a file behind the target",
    dockerfile: STAGES,
    target: "build",
    files: { "a.txt": "x" },
    says: "nothing lost",
  },
  {
    what: "an argument, by the first RUN behind it",
    dockerfile: ["FROM base", "ARG V", "COPY a.txt /", "RUN echo MARK", "RUN echo more"],
    args: { V: "1" },
    newArgs: { V: "2" },
    isOldToo: true,
  },
  {
    what: "an argument for its default",
    dockerfile: ["FROM base", "RUN echo MARK", "ARG V=1", "RUN echo more"],
    newArgs: { V: "2" },
  },
  {
    what: "an argument like its default",
    dockerfile: ["FROM base", "ARG V=1", "RUN echo MARK"],
    newArgs: { V: "1" },
    says: "nothing lost",
  },
  {
    what: "an argument before the first FROM alone",
    dockerfile: ["ARG V", "FROM base", "RUN echo MARK $V"],
    args: { V: "1" },
    newArgs: { V: "2" },
    says: "nothing lost",
  },
  {
    what: "an argument in a destination",
    dockerfile: ["FROM base", "ARG V", "COPY a.txt /$V/", "RUN echo MARK"],
    args: { V: "1" },
    newArgs: { V: "2" },
  },
  {
    what: "an argument in a working directory",
    dockerfile: ["FROM base", "ARG V", "COPY a.txt /", "WORKDIR /w/$V", "RUN echo MARK"],
    args: { V: "MARK-1" },
    newArgs: { V: "MARK-2" },
  },
  {
    what: "an argument in a variable, with COPY between",
    dockerfile: ["FROM base", "ARG V", "ENV W=x$V V=", "COPY a.txt /", "RUN echo MARK"],
    args: { V: "1" },
    newArgs: { V: "2" },
  },
  {
    what: "an argument that a stage hands on",
    dockerfile: ["FROM base AS b", "ARG V", "COPY a.txt /", "FROM b", "RUN echo MARK"],
    args: { V: "1" },
    newArgs: { V: "2" },
  },
  {
    what: "an argument that a variable hides",
    dockerfile: ["FROM base", "ARG V", "ENV V=x", "RUN echo MARK"],
    args: { V: "1" },
    newArgs: { V: "2" },
    says: "nothing lost",
  },
  {
    what: "a proxy",
    dockerfile: ["FROM base", "RUN echo MARK"],
    newArgs: { HTTP_PROXY: "http://localhost:1" },
    says: "nothing lost",
  },
  { what: "a command", dockerfile: SCRIPT, lines: { 3: ["RUN echo MARK again"] }, isOldToo: true },
  { what: "a new line", dockerfile: SCRIPT, lines: { 3: ["RUN echo MARK first", "RUN echo MARK install"] } },
  { what: "a line that is gone", dockerfile: SCRIPT, lines: { 3: [] } },
  { what: "a new variable", dockerfile: SCRIPT, lines: { 2: ["ENV V=1", "COPY package.json /app/"] } },
  { what: "an owner", dockerfile: SCRIPT, lines: { 4: ["COPY --chown=1:1 src /app/src"] } },
  { what: "a user", dockerfile: ["FROM base", "USER 1", "COPY a.txt /", "RUN echo MARK"], lines: { 2: ["USER 2"] } },
  {
    what: "comments, blanks and what describes the image",
    dockerfile: SCRIPT,
    lines: { 2: ["# x", "copy  \\", "# y", " package.json  /app/", "CMD x", "LABEL a=b"] },
    says: "nothing lost",
  },
  { what: "a line at the end of a stage that files come from", dockerfile: STAGES, lines: { 8: [] }, says: "nothing" },
  {
    what: "a source of the same name in another folder",
    dockerfile: SCRIPT,
    files: { "more/package.json": "x" },
    lines: { 2: ["COPY more/package.json /app/"] },
    says: "nothing",
  },
  {
    what: "a variable that the image may set",
    dockerfile: ["FROM base", "COPY ${WHO:-a.txt} /", "RUN echo MARK"],
    files: { "a.txt": "x" },
    says: "nothing",
  },
  {
    what: "a here-document",
    dockerfile: [
      "FROM base",
      "RUN <<E",
      "echo MARK",
      "E",
      "COPY a.txt <<F <<'G' /x/",
      "f",
      "F",
      "$V",
      "G",
      "RUN <<E",
      "echo b.txt",
      "E",
    ],
    files: { "b.txt": "x" },
    lines: { 6: ["changed"] },
    isNew: true,
  },
  {
    what: "an argument in a here-document",
    dockerfile: ["FROM base", "ARG V", "COPY <<'E' /a", "$V", "E", "COPY <<E /b", "$V MARK", "E"],
    args: { V: "1" },
    newArgs: { V: "2" },
    isNew: true,
  },
  {
    what: "a file of COPY --link",
    dockerfile: ["FROM base", "COPY --link b.txt /", "RUN echo MARK", "COPY --link a.txt /"],
    files: { "a.txt": "x" },
    isNew: true,
  },
  {
    what: "a file that is excluded",
    dockerfile: ["FROM base", "COPY --exclude=*.txt --exclude=src . /x", "RUN echo MARK", "COPY . /y"],
    files: { "a.txt": "x", "src/main.js": "x" },
    isNew: true,
  },
  {
    what: "a file with its parents",
    dockerfile: ["FROM base", "COPY --parents **/main.js /w/", "COPY --parents ./src/./lib/*.js /x/", "COPY . /y"],
    files: { "src/lib/util.js": "x" },
    isNew: true,
  },
];
