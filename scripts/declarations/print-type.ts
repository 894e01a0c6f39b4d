import ts from "typescript";
import { memberDocs } from "./member-docs.ts";
import type { SchemaType, SchemaTypes } from "./schema-types.ts";

/** Types that took a parameter after TypeScript 5.4; without it they mean the same in every version. */
const WITHOUT_PARAMETER: ReadonlySet<string> = new Set(["Buffer", "Uint8Array"]);

/** Where a type is printed. */
export interface PrintPlace {
  types: SchemaTypes;
  /** The statement that the text is for. */
  node: ts.Node;
  /** Not called by its name: what is declared here. */
  own: SchemaType | undefined;
  /** Told of each type that the text calls by its name. */
  onName: (type: SchemaType) => void;
}

/** A type, spelled out with the documentation of its members; types that have a name of their own stay names. */
export function printType(type: ts.Type, place: PrintPlace): string {
  const { checker } = place.types;
  const declared = place.types.declared(type);
  if (declared !== undefined && declared !== place.own) {
    place.onName(declared);
    return declared.name;
  }
  if (type.isUnion()) return printUnion(type, place);
  if (checker.isTupleType(type)) {
    const parts = checker.getTypeArguments(type as ts.TypeReference).map((part) => printType(part, place));
    return `${(type as ts.TupleTypeReference).target.readonly ? "readonly " : ""}[${parts.join(", ")}]`;
  }
  if (checker.isArrayType(type)) {
    const [element] = checker.getTypeArguments(type as ts.TypeReference);
    const text = printType(element!, place);
    const isOne =
      place.types.declared(element!) !== undefined || !(element!.isUnionOrIntersection() && /[|&]/.test(text));
    const list = isOne && !text.startsWith("readonly ") ? `${text}[]` : `(${text})[]`;
    return type.symbol.name === "ReadonlyArray" ? `readonly ${list}` : list;
  }
  if (isAnonymous(type)) return printMembers(type, place);
  const name = (type.aliasSymbol ?? type.symbol)?.name;
  if (name !== undefined && type.flags & ts.TypeFlags.Object) {
    if (WITHOUT_PARAMETER.has(name)) return name;
    const given = checker.getTypeArguments(type as ts.TypeReference).slice(0, typeParameters(type));
    return given.length === 0 ? name : `${name}<${given.map((one) => printType(one, place)).join(", ")}>`;
  }
  return checker.typeToString(type, place.node, ts.TypeFormatFlags.NoTruncation);
}

/** The members of an object type, in braces. */
export function printMembers(type: ts.Type, place: PrintPlace): string {
  const { checker } = place.types;
  const [other] = checker.getIndexInfosOfType(type);
  if (other !== undefined && checker.getPropertiesOfType(type).length === 0) {
    const text = `Record<${checker.typeToString(other.keyType)}, ${printType(other.type, place)}>`;
    return other.isReadonly ? `Readonly<${text}>` : text;
  }
  const members = checker.getPropertiesOfType(type).map((member) => {
    const memberType = checker.getTypeOfSymbol(member);
    const isOptional = (member.flags & ts.SymbolFlags.Optional) !== 0;
    const text = printType(memberType, place);
    const full = isOptional && !/\bundefined$|^(unknown|any)$/.test(text) ? `${text} | undefined` : text;
    return `${memberDocs(member, checker)}${printName(member.name)}${isOptional ? "?" : ""}: ${full};`;
  });
  const others = checker.getIndexInfosOfType(type).map(({ keyType, type: value, isReadonly }) => {
    return `${isReadonly ? "readonly " : ""}[member: ${checker.typeToString(keyType)}]: ${printType(value, place)};`;
  });
  if (members.length === 0 && others.length === 0) return "{}";
  return `{\n${indent([...members, ...others].join("\n"))}\n}`;
}

function printUnion(union: ts.UnionType, place: PrintPlace): string {
  const flags = union.types.map(({ flags }) => flags);
  const isWholeBoolean = flags.filter((one) => one & ts.TypeFlags.BooleanLiteral).length === 2;
  const texts = union.types.map((type) => {
    if (isWholeBoolean && type.flags & ts.TypeFlags.BooleanLiteral) return "boolean";
    const text = printType(type, place);
    return type.isIntersection() ? `(${text})` : text;
  });
  const isLast = (text: string) => ["(", "null", "undefined"].findIndex((end) => text.startsWith(end));
  return [...new Set(texts)].sort((a, b) => isLast(a) - isLast(b)).join(" | ");
}

/** Is it an object type that only its members describe? */
export function isAnonymous(type: ts.Type): boolean {
  return (
    (type.flags & ts.TypeFlags.Object) !== 0 &&
    ((type as ts.ObjectType).objectFlags & (ts.ObjectFlags.Anonymous | ts.ObjectFlags.Mapped)) !== 0 &&
    type.getCallSignatures().length === 0
  );
}

function typeParameters(type: ts.Type): number {
  return (
    ((type as ts.TypeReference).target as ts.InterfaceType | undefined)?.typeParameters?.filter((one) =>
      one.symbol.declarations?.some((node) => ts.isTypeParameterDeclaration(node) && node.default === undefined),
    ).length ?? 0
  );
}

function printName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "    ");
}
