import type { ObjectModel, PropertyModel, TypeModel } from "./type-model.ts";

/** What has properties, and the object types that they are made of. */
interface Typed {
  inputs: PropertyModel[];
  outputs: PropertyModel[];
  objects: ReadonlyMap<string, ObjectModel>;
}

/**
 * The same model with one object type for each union: `kind` says which it is, and members that not every kind has are
 * optional. Unions of objects have no type of their own in Go, C# and Java (`object`, which nothing completes or checks), so
 * the package schema has none.
 *
 * @throws Error when two kinds have a member of the same name and of different types
 */
export function mergeKinds<Model extends Typed>(model: Model): Model {
  const objects = new Map<string, ObjectModel>();
  const properties = (own: readonly PropertyModel[]): PropertyModel[] =>
    own.map((property) => ({ ...property, type: merged(property.type) }));
  const keep = (object: ObjectModel): TypeModel => {
    if (!objects.has(object.name)) {
      const copy = { ...object };
      objects.set(object.name, copy);
      copy.properties = properties(object.properties);
    }
    return { kind: "object", name: object.name };
  };
  const merged = (type: TypeModel): TypeModel => {
    switch (type.kind) {
      case "array":
        return { ...type, items: merged(type.items) };
      case "map":
        return { ...type, values: merged(type.values) };
      case "object":
        return keep(model.objects.get(type.name)!);
      case "union":
        return keep(mergedObject(type.members.map((name) => model.objects.get(name)!)));
      default:
        return type;
    }
  };
  return { ...model, inputs: properties(model.inputs), outputs: properties(model.outputs), objects };
}

/** A member as one kind has it. */
interface KindMember {
  kind: string;
  property: PropertyModel;
}

function mergedObject(kinds: readonly ObjectModel[]): ObjectModel {
  const name = commonEnd(kinds.map((object) => object.name));
  const members = new Map<string, KindMember[]>();
  for (const object of kinds) {
    for (const property of object.properties) {
      const told = members.get(property.name) ?? [];
      members.set(property.name, [...told, { kind: kindOf(object), property }]);
    }
  }
  members.delete("kind");
  const kind: PropertyModel = {
    name: "kind",
    type: {
      kind: "enum",
      name: `${name}Kind`,
      description: `Which kind of \`${name}\` it is.`,
      values: kinds.map((object) => kindOf(object)),
      meanings: Object.fromEntries(kinds.map((object) => [kindOf(object), object.description])),
    },
    description: "Which kind it is. It decides which other members there are.",
    required: true,
    secret: false,
    computed: false,
  };
  return {
    name,
    description: `One of several kinds, as its \`kind\` says: ${list(kinds.map((object) => `\`${kindOf(object)}\``))}.`,
    properties: [kind, ...[...members].map(([member, told]) => mergedMember(member, told, kinds.length))],
  };
}

function mergedMember(name: string, told: readonly KindMember[], kinds: number): PropertyModel {
  const [{ property }] = told as [KindMember];
  const types = new Set(told.map((each) => JSON.stringify(each.property.type)));
  if (types.size > 1) throw new Error(`kinds do not agree on the type of ${name}: ${[...types].join(", ")}`);
  const texts = new Set(told.map((each) => `${each.property.description}\n${each.property.required}`));
  const isEverywhere = told.length === kinds;
  const { default: _perKind, ...rest } = property;
  return {
    ...rest,
    description: [...texts]
      .map((text) => {
        const same = told.filter((each) => `${each.property.description}\n${each.property.required}` === text);
        const [{ property: first }] = same as [KindMember];
        if (isEverywhere && texts.size === 1) return first.description;
        const which = list(same.map(({ kind }) => `\`${kind}\``));
        if (texts.size === 1) return `${first.description} ${first.required ? "Required with" : "For"} ${which}.`;
        return `With ${which}${first.required ? " (required)" : ""}: ${first.description}`;
      })
      .join(" "),
    required: isEverywhere && told.every((each) => each.property.required),
    secret: told.some((each) => each.property.secret),
  };
}

function kindOf({ name, properties }: ObjectModel): string {
  const type = properties.find((property) => property.name === "kind")?.type;
  if (type?.kind !== "constant") throw new Error(`${name} is one of several kinds and has no constant "kind"`);
  return type.value;
}

/** `HttpReadiness` and `TcpReadiness` as `Readiness`. */
function commonEnd(names: readonly string[]): string {
  const words = names.map((name) => name.split(/(?=[A-Z])/).reverse());
  const [first] = words as [string[]];
  const differs = first.findIndex((word, at) => words.some((other) => other[at] !== word));
  const end = first.slice(0, differs).reverse().join("");
  if (end === "") throw new Error(`kinds need names with the same end: ${names.join(", ")}`);
  return end;
}

function list(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)!}`;
}
