/**
 * Every text that the product can say, by place, to be read through once before a release: errors, warnings, log lines,
 * helps, descriptions of the schema, and the words of the page.
 *
 *   npm run messages                 all
 *   npm run messages -- sdk/docker   those of a folder or a file
 *
 * A text is a string of at least two words in product code; parts that are filled in are shown as `${…}`. Queries of the
 * store, scripts for a machine's shell and style sheets are not texts.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";

const ROOT = join(import.meta.dirname, "..");
const ROOMS = ["bin", "sdk", "provider", "service"];
/** Built or generated from what is read elsewhere. */
const LEFT_OUT = new Set(["node_modules", "dist", "protos", "generated"]);

export interface Message {
  line: number;
  /** `${…}` stands for what is filled in. */
  text: string;
}

/**
 * @param file absolute path of a source
 * @returns its texts, in order
 */
export function messagesOf(file: string): Message[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const messages: Message[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isLiteralTypeNode(node)) return;
    if (ts.isExpression(node)) {
      const text = textOf(node);
      if (text !== undefined) {
        const shown = said(text);
        if (shown !== "") {
          const { line } = source.getLineAndCharacterOfPosition(node.getStart());
          messages.push({ line: line + 1, text: shown });
        }
        ts.forEachChild(node, inside);
        return;
      }
    }
    ts.forEachChild(node, visit);
  };
  /** What is filled into a text may have texts of its own: `${isOpen ? "is open" : "is not open"}`. */
  const inside = (node: ts.Node): void => {
    if (ts.isTemplateSpan(node)) visit(node.expression);
    else if (ts.isBinaryExpression(node) && textOf(node) !== undefined) ts.forEachChild(node, inside);
    else if (!ts.isStringLiteralLike(node) && !ts.isTemplateExpression(node)) visit(node);
    else ts.forEachChild(node, inside);
  };
  visit(source);
  return messages;
}

/** @returns the text that a string, a template or a sum of them makes; undefined for any other expression */
function textOf(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map((span) => `\${…}${span.literal.text}`).join("");
  }
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined;
  const [left, right] = [textOf(node.left), textOf(node.right)];
  return left === undefined && right === undefined ? undefined : (left ?? "${…}") + (right ?? "${…}");
}

/** What queries of the store, scripts for a machine's shell and style sheets have, and nothing that people read. */
const FOR_PROGRAMS =
  /\b(?:SELECT|WHERE|ORDER BY|ALTER TABLE|CREATE (?:TABLE|INDEX|UNIQUE|TRIGGER)|VACUUM INTO)\b|\/dev\/null|\besac\b|^\s*@media|^\s*--[\w-]+:/;
/** Two words in a row, of which one may be filled in. */
const WORDS = /\p{L}{2,}[,;:]? (?:\p{L}{2,}|\$\{)|\$\{…\} \p{L}{2,}/u;

/** @returns what people read of a text, without markup; empty when programs alone read it */
function said(text: string): string {
  if (FOR_PROGRAMS.test(text)) return "";
  const shown = /<\/?\w/.test(text)
    ? text
        .replace(/<[^>]*>/g, " ")
        .replace(/\s+/g, " ")
        .trim()
    : text;
  return WORDS.test(shown) ? shown : "";
}

function* sourcesOf(path: string): Generator<string> {
  if (statSync(path).isFile()) {
    if (/\.(?:ts|js|mjs)$/.test(path)) yield path;
    return;
  }
  for (const name of readdirSync(path).sort()) if (!LEFT_OUT.has(name)) yield* sourcesOf(join(path, name));
}

/**
 * @param paths files or folders, relative to the clone; default all product code
 * @returns the texts by file, relative to the clone
 */
export function* messagesIn(paths: readonly string[] = ROOMS): Generator<[file: string, messages: Message[]]> {
  for (const path of paths) {
    for (const file of sourcesOf(join(ROOT, path))) yield [relative(ROOT, file), messagesOf(file)];
  }
}

if (import.meta.main) {
  let count = 0;
  for (const [file, messages] of messagesIn(process.argv.length > 2 ? process.argv.slice(2) : ROOMS)) {
    for (const { line, text } of messages) console.log(`${file}:${line}  ${text.replaceAll("\n", "⏎")}`);
    count += messages.length;
  }
  console.log(`${count} texts`);
}
