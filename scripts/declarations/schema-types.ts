import ts from "typescript";

/** A type that a module declares as what a schema gives, `export type Machine = z.infer<typeof Machine>`. */
export interface SchemaType {
  name: string;
  source: ts.SourceFile;
  type: ts.Type;
}

/** Every type of the program that is inferred from a schema, by name and by what it is. */
export class SchemaTypes {
  readonly checker: ts.TypeChecker;
  readonly #byFile = new Map<ts.SourceFile, Map<string, SchemaType>>();
  readonly #byType = new Map<ts.Type, SchemaType>();

  constructor(program: ts.Program) {
    this.checker = program.getTypeChecker();
    for (const source of program.getSourceFiles()) {
      if (source.isDeclarationFile) continue;
      const names = new Map<string, SchemaType>();
      for (const statement of source.statements) {
        if (!isInferred(statement)) continue;
        const name = statement.name.text;
        const found = { name, source, type: this.checker.getTypeAtLocation(statement.name) };
        names.set(name, found);
        // Types without members are the same wherever they are spelled: "min" | "max" is nobody's.
        if (!hasMembers(found.type)) continue;
        for (const type of [found.type, ...this.#sameOf(found)])
          if (!this.#byType.has(type)) this.#byType.set(type, found);
      }
      this.#byFile.set(source, names);
    }
  }

  /** What goes into the schema, and what comes out, as far as it is the same. */
  #sameOf({ name, source, type }: SchemaType): ts.Type[] {
    return [this.ofSchema(source, name, "input"), this.ofSchema(source, name, "output")].filter(
      (one) => this.checker.isTypeAssignableTo(one, type) && this.checker.isTypeAssignableTo(type, one),
    );
  }

  /** What goes into the schema that `source` calls by this name, or what comes out. */
  ofSchema(source: ts.SourceFile, name: string, side: "input" | "output"): ts.Type {
    const schema = this.checker.getTypeAtLocation(variableNamed(name, source));
    return memberType(this.checker, memberType(this.checker, schema, "_zod"), side);
  }

  /** The type that `source` calls by this name. */
  named(source: ts.SourceFile, name: string): SchemaType | undefined {
    return this.#byFile.get(source)?.get(name);
  }

  /** The declared type that this one is. */
  declared(type: ts.Type): SchemaType | undefined {
    return this.#byType.get(type);
  }
}

/** Is it `export type Name = z.infer<typeof Name>`, or what goes into the schema, or what comes out? */
export function isInferred(node: ts.Statement): node is ts.TypeAliasDeclaration {
  if (!ts.isTypeAliasDeclaration(node) || !ts.getModifiers(node)?.length || !ts.isTypeReferenceNode(node.type))
    return false;
  const [of] = node.type.typeArguments ?? [];
  return (
    /^z\.(infer|input|output)$/.test(node.type.typeName.getText()) &&
    of !== undefined &&
    ts.isTypeQueryNode(of) &&
    of.exprName.getText() === node.name.text
  );
}

function hasMembers(type: ts.Type): boolean {
  if (type.isUnion()) return type.types.some(hasMembers);
  return (type.flags & ts.TypeFlags.Object) !== 0 && type.getProperties().length > 0;
}

function memberType(checker: ts.TypeChecker, type: ts.Type, name: string): ts.Type {
  const member = checker.getPropertyOfType(type, name);
  if (member === undefined) throw new Error(`${checker.typeToString(type)} has no ${name}: it is no schema`);
  return checker.getTypeOfSymbol(member);
}

function variableNamed(name: string, source: ts.SourceFile): ts.Node {
  for (const statement of source.statements.filter(ts.isVariableStatement)) {
    const found = statement.declarationList.declarations.find((one) => one.name.getText() === name);
    if (found !== undefined) return found.name;
  }
  throw new Error(`${source.fileName} declares no ${name}`);
}
