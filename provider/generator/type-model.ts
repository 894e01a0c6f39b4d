import * as z from "zod";
import type { About } from "../core/about.ts";
import type { Controller } from "../core/controller.ts";

/** A type, as far as both Pulumi's package schema and TypeScript can say it. */
export type TypeModel =
  | { kind: "string" | "integer" | "number" | "boolean" | "any" }
  | { kind: "array"; items: TypeModel }
  | { kind: "map"; values: TypeModel }
  | { kind: "enum"; name: string; description: string; values: string[]; meanings: Readonly<Record<string, string>> }
  | { kind: "constant"; value: string }
  | { kind: "object"; name: string }
  | { kind: "union"; discriminator: string; members: string[] };

export interface PropertyModel {
  name: string;
  type: TypeModel;
  description: string;
  /** Must be given, and has no default. */
  required: boolean;
  default?: string | number | boolean | string[];
  secret: boolean;
  /** Check fills it in when the program does not give it. */
  computed: boolean;
}

/** Is the property always there as an output? */
export function isAlwaysThere(property: PropertyModel): boolean {
  return property.required || property.default !== undefined || property.computed;
}

export interface ObjectModel {
  name: string;
  description: string;
  properties: PropertyModel[];
}

export interface ResourceModel extends Pick<About, "description" | "example" | "importId"> {
  name: string;
  /** Whether a TypeScript program may give it more than the engine is sent: the room has a `program-args.ts`. */
  programArgs: boolean;
  inputs: PropertyModel[];
  /** Outputs beside the inputs. */
  outputs: PropertyModel[];
  /** Object types that its properties are made of, by name. */
  objects: Map<string, ObjectModel>;
}

/** What of JSON Schema `z.toJSONSchema` makes of our inputs. */
interface Json {
  $ref?: string;
  type?: string;
  const?: string;
  enum?: string[];
  items?: Json;
  properties?: Record<string, Json>;
  required?: string[];
  additionalProperties?: Json | boolean;
  oneOf?: Json[];
  anyOf?: Json[];
  allOf?: Json[];
  description?: string;
  default?: PropertyModel["default"];
  secret?: boolean;
  computed?: boolean;
  meanings?: Readonly<Record<string, string>>;
  $defs?: Record<string, Json>;
}

/** Reads a resource's types from the schemas that its inputs are validated with. */
export function modelResource(
  { type, description, example, importId, inputs, outputs }: Controller,
  { programArgs = false }: { programArgs?: boolean } = {},
): ResourceModel {
  const objects = new Map<string, ObjectModel>();
  return {
    name: type,
    description,
    example,
    importId,
    programArgs,
    inputs: modelProperties(inputs, objects),
    outputs: modelProperties(outputs, objects),
    objects,
  };
}

/** Properties of an object schema; object types that they are made of go into `objects`. */
export function modelProperties(schema: z.ZodObject, objects: Map<string, ObjectModel>): PropertyModel[] {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Json;
  const reader = new Reader(json.$defs ?? {}, objects);
  return reader.properties(json);
}

class Reader {
  readonly #defs: Record<string, Json>;
  readonly #objects: Map<string, ObjectModel>;

  constructor(defs: Record<string, Json>, objects: Map<string, ObjectModel>) {
    this.#defs = defs;
    this.#objects = objects;
  }

  properties(json: Json): PropertyModel[] {
    return Object.entries(json.properties ?? {}).map(([name, property]) => ({
      name,
      type: this.type(property, name),
      description: this.#find(property, "description") ?? kindOf(property),
      required: (json.required ?? []).includes(name),
      ...(property.default === undefined ? {} : { default: property.default }),
      secret: this.#find(property, "secret") === true,
      computed: this.#find(property, "computed") === true,
    }));
  }

  type(json: Json, property: string): TypeModel {
    if (json.$ref !== undefined) return this.#reference(json.$ref);
    const only = json.allOf?.length === 1 ? json.allOf[0] : undefined;
    if (only !== undefined) return this.type(only, property);
    const branches = json.oneOf ?? json.anyOf;
    if (branches !== undefined) {
      const members = branches.map((branch) => this.type(branch, property));
      if (!members.every((member) => member.kind === "object")) throw new Error(`${property}: a union of non-objects`);
      return { kind: "union", discriminator: "kind", members: members.map(({ name }) => name) };
    }
    if (json.const !== undefined) return { kind: "constant", value: json.const };
    if (json.enum !== undefined) {
      return {
        kind: "enum",
        name: property[0]!.toUpperCase() + property.slice(1),
        description: firstSentence(json.description ?? ""),
        values: json.enum,
        meanings: json.meanings ?? {},
      };
    }
    switch (json.type) {
      case "string":
      case "integer":
      case "number":
      case "boolean":
        return { kind: json.type };
      case "array":
        return { kind: "array", items: this.type(json.items ?? {}, property) };
      case "object":
        if (typeof json.additionalProperties === "object") {
          return { kind: "map", values: this.type(json.additionalProperties, property) };
        }
        throw new Error(`${property}: an object type needs a name: give its schema a meta id, pulumi.<name>`);
      default:
        return { kind: "any" };
    }
  }

  #reference(ref: string): TypeModel {
    const id = ref.replace("#/$defs/", "");
    const json = this.#defs[id]!;
    // zod has one registry for a process, in which the wire's schemas have ids too: ours are `pulumi.<type name>`.
    const name = id.replace(/^pulumi\./, "");
    if (json.type !== "object") return this.type(json, name);
    if (!this.#objects.has(name)) {
      const model: ObjectModel = { name, description: json.description ?? "", properties: [] };
      this.#objects.set(name, model);
      model.properties = this.properties(json);
    }
    return { kind: "object", name };
  }

  /** A note on the property itself, or on the one schema that it refers to. */
  #find<Key extends "description" | "secret" | "computed">(json: Json, key: Key): Json[Key] {
    if (json[key] !== undefined) return json[key];
    const inner =
      json.allOf?.[0] ?? (json.$ref === undefined ? undefined : this.#defs[json.$ref.replace("#/$defs/", "")]);
    return inner === undefined ? undefined : this.#find(inner, key);
  }
}

/** What to say of a member that is always the same: it is what tells objects of several types apart. */
function kindOf({ const: value }: Json): string {
  return value === undefined ? "" : `Always \`${value}\`: it tells the kinds apart.`;
}

function firstSentence(text: string): string {
  return /^.*?[.:](?= [A-Z]|$)/s.exec(text)?.[0].replace(/:$/, ".") ?? text;
}
