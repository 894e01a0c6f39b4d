import ts from "typescript";

/** A resource as a program declares it: what is no literal is the text of its expression, as `{ code }`. */
export interface DeclaredResource {
  type: string;
  variable: string | undefined;
  name: string;
  inputs: Record<string, unknown>;
}

/**
 * Reads a program with TypeScript's own parser, and fails on anything but imports, resources, and `new pulumi.Config()`.
 *
 * @throws Error when the text does not parse, or holds something else
 */
export function readProgram(text: string): DeclaredResource[] {
  const source = ts.createSourceFile("index.ts", text, ts.ScriptTarget.ES2022, true);
  const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true });
  if (diagnostics.length > 0)
    throw new Error(diagnostics.map(({ messageText }) => JSON.stringify(messageText)).join("\n"));
  return source.statements.flatMap((statement) => {
    if (ts.isImportDeclaration(statement)) return [];
    if (ts.isExpressionStatement(statement)) return [resourceOf(statement.expression, undefined)];
    if (!ts.isVariableStatement(statement)) throw new Error(`a statement of another kind: ${statement.getText()}`);
    const [declaration, more] = statement.declarationList.declarations;
    if (declaration?.initializer === undefined || more !== undefined) throw new Error(statement.getText());
    const { name, initializer } = declaration;
    if (initializer.getText() === "new pulumi.Config()") return [];
    return [resourceOf(initializer, name.getText())];
  });
}

function resourceOf(node: ts.Expression, variable: string | undefined): DeclaredResource {
  if (!ts.isNewExpression(node)) throw new Error(`no resource: ${node.getText()}`);
  const [name, inputs, more] = node.arguments ?? [];
  const [, type = ""] = /^nullspace\.(\w+)$/.exec(node.expression.getText()) ?? [];
  if (type === "" || name === undefined || inputs === undefined || more !== undefined) throw new Error(node.getText());
  return { type, variable, name: valueOf(name) as string, inputs: valueOf(inputs) as Record<string, unknown> };
}

function valueOf(node: ts.Expression): unknown {
  if (ts.isStringLiteral(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isPrefixUnaryExpression(node)) return -Number(node.operand.getText());
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (node.kind === ts.SyntaxKind.NullKeyword) return null;
  if (ts.isArrayLiteralExpression(node)) return node.elements.map(valueOf);
  if (ts.isObjectLiteralExpression(node)) return Object.fromEntries(node.properties.map(memberOf));
  // What is not data: a constant's member, a setting, or pulumi.concat of both.
  if (/^(\w+\.\w+|config\.requireSecret\("[\w.-]+"\)|pulumi\.concat\(\w+\.\w+, ":[\w.-]+"\))$/.test(node.getText())) {
    return { code: node.getText() };
  }
  throw new Error(`no data: ${node.getText()}`);
}

function memberOf(node: ts.ObjectLiteralElementLike): [string, unknown] {
  if (!ts.isPropertyAssignment(node)) throw new Error(`no plain member: ${node.getText()}`);
  const { name, initializer } = node;
  if (ts.isComputedPropertyName(name)) return [valueOf(name.expression) as string, valueOf(initializer)];
  if (ts.isIdentifier(name) && name.text === "__proto__") throw new Error("it sets what the object inherits from");
  return [(name as ts.Identifier | ts.StringLiteral).text, valueOf(initializer)];
}
