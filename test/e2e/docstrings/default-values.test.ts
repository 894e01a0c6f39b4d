import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import { constantValue, objectNamed, type Constant } from "../support/constant-value.ts";
import { repo } from "../support/pulumi-project.ts";

/** A default as the documentation of an option says it, and as the code takes it where the option is left out. */
interface Claim {
  place: string;
  option: string;
  said: string;
  taken: Constant;
}

const FOLDERS = /^(?:sdk|provider\/(?!generated)|service\/(?!dist))/;
const SIZES: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };
const TIMES: Readonly<Record<string, number>> = { ms: 1, s: 1000, seconds: 1000, minutes: 60_000, days: 86_400_000 };

describe("the default that an option documents", () => {
  let claims: readonly Claim[];
  beforeAll(() => {
    claims = claimsOf(sources());
  }, 120_000);

  it("is compared for options of every kind", () => {
    const compared = claims.filter(({ said }) => valueSaid(said) !== undefined);
    for (const kind of ["string", "number", "boolean"])
      expect(compared.filter(({ taken }) => typeof taken === kind).length, kind).toBeGreaterThan(10);
    for (const folder of ["sdk/", "provider/", "service/"])
      expect(compared.filter(({ place }) => place.startsWith(folder)).length, folder).toBeGreaterThan(2);
  });

  it("is the one that the code takes", () => {
    const wrong = claims.filter(({ said, taken }) => {
      const value = valueSaid(said);
      return value !== undefined && value !== taken;
    });
    expect(wrong).toEqual([]);
  });

  it("would be found wrong, or right, however it is written", () => {
    expect(
      ["20", "300 000", "300_000", "100,000", "2 GiB", "30 days", "`min`", '`"body"`', "true"].map(valueSaid),
    ).toEqual([20, 300_000, 300_000, 100_000, 2 ** 31, 2_592_000_000, "min", "body", true]);
    expect(["that of the client", "20 s to look, 300 s to change"].map(valueSaid)).toEqual([undefined, undefined]);
  });
});

/** The value of a tag; `undefined` when it says in words what cannot be compared. */
function valueSaid(text: string): Constant | undefined {
  const plain = text.trim().replace(/^`(.*)`$/s, "$1");
  if (plain === "true" || plain === "false") return plain === "true";
  const [, number, unit] = /^(-?\d[\d_, ]*(?:\.\d+)?)(?: ([A-Za-z]+))?$/.exec(plain) ?? [];
  if (number !== undefined) {
    const factor = unit === undefined ? 1 : (SIZES[unit] ?? TIMES[unit]);
    return factor === undefined ? undefined : Number(number.replaceAll(/[_, ]/g, "")) * factor;
  }
  if (plain !== text.trim()) return plain.replace(/^"(.*)"$/s, "$1");
  return undefined;
}

function sources(): ts.Program {
  const file = join(repo, "tsconfig.json");
  const { config } = ts.readConfigFile(file, (path) => readFileSync(path, "utf8")) as { config: object };
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, repo);
  return ts.createProgram(
    fileNames.filter((name) => FOLDERS.test(relative(repo, name))),
    options,
  );
}

function claimsOf(program: ts.Program): Claim[] {
  const checker = program.getTypeChecker();
  const claims: Claim[] = [];
  const claim = (node: ts.Node, symbol: ts.Symbol | undefined, value: ts.Expression): void => {
    const taken = constantValue(value, checker);
    const said = symbol && documented(symbol, checker);
    if (taken === undefined || said === undefined) return;
    const source = node.getSourceFile();
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    claims.push({ place: `${relative(repo, source.fileName)}:${line + 1}`, option: symbol!.name, said, taken });
  };
  const visit = (node: ts.Node): void => {
    // options.limit ?? 20
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
      const { left } = node;
      if (ts.isPropertyAccessExpression(left)) claim(node, checker.getSymbolAtLocation(left.name), node.right);
    }
    // const { limit = 20 } = options
    if (ts.isBindingElement(node) && node.initializer && ts.isObjectBindingPattern(node.parent)) {
      const name = (node.propertyName ?? node.name).getText();
      claim(node, destructured(node.parent, checker).getProperty(name), node.initializer);
    }
    // { ...DEFAULT_LIMITS, ...limits }
    if (ts.isObjectLiteralExpression(node)) {
      const [first, second] = node.properties;
      if (first && second && ts.isSpreadAssignment(first) && ts.isSpreadAssignment(second)) {
        const given = checker.getTypeAtLocation(second.expression);
        for (const member of objectNamed(first.expression, checker)?.properties ?? [])
          if (ts.isPropertyAssignment(member))
            claim(node, given.getProperty(member.name.getText()), member.initializer);
      }
    }
    // z.int().default(20)
    if (ts.isPropertyAssignment(node)) {
      const value = schemaDefault(node.initializer);
      if (value !== undefined) claim(node, checker.getSymbolAtLocation(node.name), value);
    }
    ts.forEachChild(node, visit);
  };
  for (const source of program.getSourceFiles()) if (FOLDERS.test(relative(repo, source.fileName))) visit(source);
  return claims;
}

function destructured(pattern: ts.ObjectBindingPattern, checker: ts.TypeChecker): ts.Type {
  const { parent } = pattern;
  const { type, initializer } = parent as ts.VariableDeclaration | ts.ParameterDeclaration;
  const node = !ts.isBindingElement(parent) && (type ?? initializer);
  return checker.getNonNullableType(checker.getTypeAtLocation(node || pattern));
}

/** What is documented of an option, by a comment, or by what its schema says of itself. */
function documented(symbol: ts.Symbol, checker: ts.TypeChecker): string | undefined {
  for (const declaration of symbol.declarations ?? []) {
    for (const tag of ts.getJSDocTags(declaration))
      if (tag.tagName.text === "default") return ts.getTextOfJSDocComment(tag.comment);
    if (!ts.isPropertyAssignment(declaration)) continue;
    const text = argumentOf("describe", declaration.initializer);
    const value = text && constantValue(text, checker);
    const said = typeof value === "string" ? /(?:^|[.;] )default:? (.+?)\.?$/is.exec(value)?.[1] : undefined;
    if (said !== undefined) return said;
  }
  return undefined;
}

function schemaDefault(node: ts.Expression): ts.Expression | undefined {
  return argumentOf("default", node);
}

/** The argument of a call in a chain of calls. */
function argumentOf(method: string, node: ts.Expression): ts.Expression | undefined {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  if (node.expression.name.text === method) return node.arguments[0];
  return argumentOf(method, node.expression.expression);
}
