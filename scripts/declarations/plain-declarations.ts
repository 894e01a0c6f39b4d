import { dirname, relative } from "node:path";
import ts from "typescript";
import { isAnonymous, printMembers, printType, type PrintPlace } from "./print-type.ts";
import { isInferred, type SchemaType, type SchemaTypes } from "./schema-types.ts";

/** A module, and what the compiler declares for it. */
export interface CompiledModule {
  source: ts.SourceFile;
  text: string;
  types: SchemaTypes;
  /** The module that has the interface `Schema`. */
  schemaModule: string;
}

/**
 * The declarations of a module without zod in them: a type that is inferred from a schema is an interface, and a schema a
 * `Schema` of its type.
 *
 * @throws Error when something else shows zod
 */
export function plainDeclarations({ source, text, types, schemaModule }: CompiledModule): string {
  const declaration = ts.createSourceFile(source.fileName, text, ts.ScriptTarget.Latest, true);
  const names = new Set<SchemaType>();
  const place = (own?: SchemaType): PrintPlace => ({ types, node: source, own, onName: (type) => names.add(type) });
  /** What was said of the schema holds for its type. */
  const docsOf = new Map<string, string>();
  let hasSchemas = false;

  const statements = declaration.statements.flatMap((statement) => {
    const docs = text.slice(statement.getFullStart(), statement.getStart()).trim();
    if (isImportOf("zod", statement)) return [];
    if (isInferred(statement)) {
      const own = types.named(source, statement.name.text)!;
      return [withDocs(docs || docsOf.get(own.name), printAlias(own, place(own)))];
    }
    if (ts.isVariableStatement(statement) && showsZod(statement)) {
      hasSchemas = true;
      return statement.declarationList.declarations.map((one) => {
        const name = one.name.getText();
        docsOf.set(name, docs);
        return withDocs(docs, `export declare const ${name}: Schema<${outputOf(name)}>;`);
      });
    }
    const code = statement.getText();
    const isMadeInside = ts.isClassDeclaration(statement) && hasInternalConstructor(statement.name?.text, source);
    return [withDocs(docs, isMadeInside ? code.replace("{\n", "{\n    private constructor();\n") : code)];
  });

  function outputOf(name: string): string {
    const output = types.ofSchema(source, name, "output");
    const named = types.named(source, name);
    // The type is of what goes in where the two differ; what comes out has its defaults filled in, and fits it too.
    return named !== undefined && types.checker.isTypeAssignableTo(output, named.type)
      ? name
      : printType(output, place());
  }

  const imports = [...names]
    .filter(({ source: from }) => from !== source)
    .map(({ name, source: from }) => importOf(name, source.fileName, from.fileName));
  if (hasSchemas) imports.push(importOf("Schema", source.fileName, schemaModule));
  const plain = [...new Set([...imports, ...statements])]
    .join("\n")
    .replaceAll(/((?:from|import) ?\(?"\.[^"]*)\.ts"/g, '$1.js"');
  if (showsZod(ts.createSourceFile(source.fileName, plain, ts.ScriptTarget.Latest, true))) {
    throw new Error(`The public declarations of ${source.fileName} show zod:\n${plain}`);
  }
  return `${plain}\n`;
}

function withDocs(docs: string | undefined, code: string): string {
  return docs ? `${docs}\n${code}` : code;
}

function printAlias(own: SchemaType, place: PrintPlace): string {
  return isAnonymous(own.type) && place.types.declared(own.type) === own
    ? `export interface ${own.name} ${printMembers(own.type, place)}`
    : `export type ${own.name} = ${printType(own.type, place)};`;
}

function showsZod(node: ts.Node): boolean {
  if (ts.isQualifiedName(node) && node.left.getText() === "z") return true;
  return ts.forEachChild(node, showsZod) ?? false;
}

/** Does only the package itself make objects of the class? Its constructor is then no public one. */
function hasInternalConstructor(name: string | undefined, source: ts.SourceFile): boolean {
  return source.statements
    .filter(ts.isClassDeclaration)
    .filter((one) => one.name?.text === name)
    .flatMap((one) => one.members.filter(ts.isConstructorDeclaration))
    .some((one) => ts.getJSDocTags(one).some(({ tagName }) => tagName.text === "internal"));
}

function importOf(name: string, importer: string, imported: string): string {
  const path = relative(dirname(importer), imported);
  return `import type { ${name} } from "${path.startsWith(".") ? path : `./${path}`}";`;
}

function isImportOf(library: string, statement: ts.Statement): boolean {
  return (
    ts.isImportDeclaration(statement) &&
    ts.isStringLiteral(statement.moduleSpecifier) &&
    statement.moduleSpecifier.text === library
  );
}
