import type { Random } from "./random.ts";

/** A tree and an ignore file. Directories end with a slash; parents come before what is in them. */
export interface IgnoreCase {
  file: string;
  paths: string[];
}

const NAMES = ["a", "b", "ab", "abc", "foo", "bar", "foo.txt", ".x", "a b", "é", "[a]", "a*", "x.md", "-", "d1", "A"];
const PIECES = [
  "a",
  "b",
  "foo",
  "bar",
  "*",
  "?",
  "[a-c]",
  ".md",
  ".txt",
  "x",
  "é",
  "\\*",
  "\\[",
  "[a]",
  ".x",
  "*o*",
  "A",
  " ",
  "-",
];
const WILD_PIECES = [
  ...PIECES,
  "**",
  "[^a]",
  "a**",
  "**b",
  "[[:alpha:]]",
  "\\d",
  "]",
  "[!a]",
  "{a,b}",
  "$",
  "(",
  "^",
  "+",
];
const WHOLE = [
  "..",
  "../a",
  ".",
  "./a",
  "a/../b",
  "/",
  "//a",
  "/a/",
  "# c",
  " # c",
  "",
  "   ",
  "!a/..",
  "a//b",
  "! a",
  "\ta\t",
];
const WILD_WHOLE = [
  ...WHOLE,
  "!",
  "!!a",
  "\\",
  "[",
  "[]",
  "[a-",
  "a[",
  "[^]",
  "*/",
  "**/",
  "/**",
  "!../../x",
  "\u00a0a",
  "[z-a]",
  "\\é",
];

/** How far the patterns go: `plain` is what every version of Docker reads alike, `wild` is everything. */
export type Wildness = "plain" | "wild";

/** Makes a random tree of names that patterns find hard, and random lines that have something to do with it. */
export function randomCase(random: Random, wildness: Wildness): IgnoreCase {
  const paths = randomPaths(random);
  const lines: string[] = [];
  for (let i = random.between(1, 6); i > 0; i--) lines.push(randomLine(random, paths, wildness));
  const bom = random.chance(0.05) ? "\ufeff" : "";
  return { file: bom + lines.join(random.chance(0.1) ? "\r\n" : "\n") + (random.chance(0.8) ? "\n" : ""), paths };
}

function randomPaths(random: Random): string[] {
  const paths = new Set<string>();
  const directories = [""];
  for (let i = random.between(3, 16); i > 0; i--) {
    const path = random.pick(directories) + random.pick(NAMES);
    if (paths.has(path) || paths.has(`${path}/`)) continue;
    if (random.chance(0.45)) {
      paths.add(`${path}/`);
      directories.push(`${path}/`);
    } else paths.add(path);
  }
  return [...paths].sort();
}

function randomLine(random: Random, paths: readonly string[], wildness: Wildness): string {
  const isWild = wildness === "wild";
  let line: string;
  const kind = random.next();
  if (kind < 0.4 && paths.length > 0) {
    line = random.pick(paths);
    if (random.chance(0.5))
      line = line.replace(/[^/]+/g, (name) => (random.chance(0.3) ? loosen(random, name, isWild) : name));
  } else if (kind < 0.47) {
    line = random.pick(isWild ? WILD_WHOLE : WHOLE);
  } else {
    const pieces = isWild ? WILD_PIECES : PIECES;
    const segment = () => Array.from({ length: random.between(1, 2) }, () => random.pick(pieces)).join("");
    line = Array.from({ length: random.between(1, 3) }, segment).join("/");
  }
  if (random.chance(0.35)) line = `!${line}`;
  if (random.chance(0.1)) line = `/${line}`;
  if (random.chance(0.1)) line = `${line}/`;
  return random.chance(0.05) ? ` ${line} ` : line;
}

function loosen(random: Random, name: string, isWild: boolean): string {
  const choices = ["*", `?${name.slice(1)}`, `${name.slice(0, 1)}*`];
  return random.pick(isWild ? [...choices, "**"] : choices);
}
