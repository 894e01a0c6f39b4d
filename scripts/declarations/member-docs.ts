import ts from "typescript";

/** Documentation of a schema's member as a comment above it: its docstring, else what it says of itself by `describe`. */
export function memberDocs(member: ts.Symbol, checker: ts.TypeChecker): string {
  for (const node of member.declarations ?? []) {
    const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
    if (comment !== undefined) return `${dedent(comment.getText())}\n`;
    const said = ts.isPropertyAssignment(node) ? describedAs(node.initializer, checker) : undefined;
    if (said !== undefined) return `${asComment(said)}\n`;
  }
  return "";
}

/** The text of `.describe(…)` in a schema's chain of calls. */
function describedAs(node: ts.Expression, checker: ts.TypeChecker): string | undefined {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const [argument] = node.arguments;
  if (node.expression.name.text === "describe" && argument !== undefined) return textOf(argument, checker);
  return describedAs(node.expression.expression, checker);
}

function textOf(node: ts.Expression, checker: ts.TypeChecker): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isBinaryExpression(node)) return textOf(node.left, checker) + textOf(node.right, checker);
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.map(({ expression, literal }) => textOf(expression, checker) + literal.text);
    return node.head.text + spans.join("");
  }
  const type = checker.getTypeAtLocation(node);
  if (type.isStringLiteral() || type.isNumberLiteral()) return String(type.value);
  if (type.flags & ts.TypeFlags.BooleanLiteral) return checker.typeToString(type);
  throw new Error(`The text of ${node.getText()} is not known when it is compiled`);
}

function asComment(text: string): string {
  const [, meaning = "", value] = /^(.*?)(?:(?:^|; )default:? (.+))?$/is.exec(text)!;
  const lines = [meaning, ...(value === undefined ? [] : [`@default ${value}`])].filter((line) => line !== "");
  return lines.length === 1 ? `/** ${lines[0]} */` : `/**\n${lines.map((line) => ` * ${line}`).join("\n")}\n */`;
}

function dedent(comment: string): string {
  return comment.replace(/^\s+\*/gm, " *");
}
