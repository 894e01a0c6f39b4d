import { CONFIG, Expression, PULUMI, type Program, type ProgramInput, type ProgramResource } from "./program.ts";
import { quote } from "./quote.ts";
import { propertyKey, renderValue } from "./render-value.ts";

const WIDTH = 118;

/** The program as TypeScript. What comes from a service or a file stands in it as literals alone, and is exactly that text. */
export function renderProgram({ module, comment, resources }: Program): string {
  const used = new Set(resources.flatMap(({ inputs }) => inputs.flatMap(({ value }) => constantsIn(value))));
  const body = resources.map((resource) => renderResource(resource, used)).join("\n");
  const head = [
    ...comment.flatMap((line) => renderComment(line, "")),
    ...(used.has(PULUMI) || used.has(CONFIG) ? [`import * as ${PULUMI} from "@pulumi/pulumi";`] : []),
    `import * as nullspace from ${quote(module)};`,
    ...(used.has(CONFIG) ? ["", `const ${CONFIG} = new ${PULUMI}.Config();`] : []),
  ];
  return `${head.join("\n")}\n${body === "" ? "" : `\n${body}`}`;
}

/** @param used a constant that nobody uses is an error to a strict compiler */
function renderResource(
  { type, variable, name, comment = [], inputs }: ProgramResource,
  used: ReadonlySet<string>,
): string {
  const constant = variable !== undefined && used.has(variable) ? `const ${variable} = ` : "";
  return `${[
    ...comment.flatMap((line) => renderComment(line, "")),
    `${constant}new nullspace.${type}(${quote(name)}, {`,
    ...inputs.flatMap(renderInput),
    "});",
  ].join("\n")}\n`;
}

function renderInput({ name, value, comment = [] }: ProgramInput): string[] {
  return [
    ...comment.flatMap((line) => renderComment(line, "  ")),
    `  ${propertyKey(name)}: ${renderValue(value, "  ")},`,
  ];
}

/** A word of a comment. What is quoted stays whole: none of it may begin a line, where the compiler reads `@ts-…`. */
const WORD = /"(?:[^"\\]|\\.)*"[^\s"]*|[^\s"]+"?/gu;

/** A comment in lines of a readable length. A line break in it would end it: there is none left. */
function renderComment(text: string, indent: string): string[] {
  if (text === "") return [`${indent}//`];
  const lines: string[] = [];
  let line = "";
  for (const [word] of text.matchAll(WORD)) {
    if (line !== "" && indent.length + 3 + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${indent}// ${each}`);
}

function constantsIn(value: unknown): readonly string[] {
  if (value instanceof Expression) return value.uses;
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(constantsIn);
}
