import ts from "typescript";

/** A value that a program writes down. */
export type Constant = string | number | boolean;

/** The value of an expression, as far as the text of the program says it: literals, constants, and sums of these. */
export function constantValue(node: ts.Expression, checker: ts.TypeChecker): Constant | undefined {
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node))
    return constantValue(node.expression, checker);
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text.replaceAll("_", ""));
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (ts.isBinaryExpression(node)) return computed(node, checker);
  if (ts.isTemplateExpression(node)) {
    const parts = node.templateSpans.map(({ expression, literal }) => [
      constantValue(expression, checker),
      literal.text,
    ]);
    return parts.some(([value]) => value === undefined) ? undefined : node.head.text + parts.flat().join("");
  }
  if (ts.isPropertyAccessExpression(node)) {
    const member = objectNamed(node.expression, checker)?.properties.find(
      (one) => ts.isPropertyAssignment(one) && one.name.getText() === node.name.text,
    );
    return member && ts.isPropertyAssignment(member) ? constantValue(member.initializer, checker) : undefined;
  }
  const initializer = ts.isIdentifier(node) ? initializerOf(node, checker) : undefined;
  return initializer && constantValue(initializer, checker);
}

/** The object that a constant of this name is. */
export function objectNamed(node: ts.Expression, checker: ts.TypeChecker): ts.ObjectLiteralExpression | undefined {
  let value = ts.isIdentifier(node) ? initializerOf(node, checker) : undefined;
  while (value && (ts.isAsExpression(value) || ts.isSatisfiesExpression(value))) value = value.expression;
  return value && ts.isObjectLiteralExpression(value) ? value : undefined;
}

function initializerOf(name: ts.Identifier, checker: ts.TypeChecker): ts.Expression | undefined {
  const symbol = checker.getSymbolAtLocation(name);
  const own = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const declaration = own?.valueDeclaration;
  const isConstant =
    declaration !== undefined &&
    ts.isVariableDeclaration(declaration) &&
    (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
  return isConstant ? declaration.initializer : undefined;
}

function computed({ left, operatorToken, right }: ts.BinaryExpression, checker: ts.TypeChecker): Constant | undefined {
  const [a, b] = [constantValue(left, checker), constantValue(right, checker)];
  if (typeof a === "string" && typeof b === "string" && operatorToken.kind === ts.SyntaxKind.PlusToken) return a + b;
  if (typeof a !== "number" || typeof b !== "number") return undefined;
  switch (operatorToken.kind) {
    case ts.SyntaxKind.AsteriskToken:
      return a * b;
    case ts.SyntaxKind.AsteriskAsteriskToken:
      return a ** b;
    case ts.SyntaxKind.SlashToken:
      return a / b;
    case ts.SyntaxKind.PlusToken:
      return a + b;
    case ts.SyntaxKind.MinusToken:
      return a - b;
    default:
      return undefined;
  }
}
