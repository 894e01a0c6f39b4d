import { describe, expect, it } from "vitest";
import { mergeKinds } from "../../../provider/generator/merged-kinds.ts";
import type { ObjectModel, PropertyModel } from "../../../provider/generator/type-model.ts";

const property = (name: string, more: Partial<PropertyModel> = {}): PropertyModel => ({
  name,
  type: { kind: "string" },
  description: `The ${name}.`,
  required: false,
  secret: false,
  computed: false,
  ...more,
});
const kind = (value: string) => property("kind", { type: { kind: "constant", value }, required: true });
const merge = (...kinds: ObjectModel[]) => {
  const type = { kind: "union", discriminator: "kind", members: kinds.map(({ name }) => name) } as const;
  const model = {
    inputs: [property("shape", { type })],
    outputs: [],
    objects: new Map(kinds.map((one) => [one.name, one])),
  };
  return mergeKinds(model);
};

describe("several kinds of one thing in the schema", () => {
  const circle = {
    name: "CircleShape",
    description: "A circle.",
    properties: [kind("circle"), property("radius", { required: true }), property("color")],
  };
  const secretSquare = {
    name: "SecretSquareShape",
    description: "A square.",
    properties: [kind("square"), property("color"), property("edge", { secret: true, default: "1" })],
  };

  it("are one object type, named by what their names have in common", () => {
    const { inputs, objects } = merge(circle, secretSquare);
    expect(inputs[0]!.type).toEqual({ kind: "object", name: "Shape" });
    expect([...objects.keys()]).toEqual(["Shape"]);
  });

  it("are told by a choice, which says of each what it is", () => {
    const [told] = merge(circle, secretSquare).objects.get("Shape")!.properties;
    expect(told).toMatchObject({
      name: "kind",
      required: true,
      type: { name: "ShapeKind", values: ["circle", "square"], meanings: { circle: "A circle.", square: "A square." } },
    });
  });

  it("have every member of every kind, optional and without a default, which only some kinds may be sent", () => {
    const [, radius, color, edge] = merge(circle, secretSquare).objects.get("Shape")!.properties;
    expect(radius).toMatchObject({ description: "The radius. Required with `circle`.", required: false });
    expect(color).toMatchObject({ description: "The color.", required: false });
    expect(edge).toMatchObject({ description: "The edge. For `square`.", secret: true });
    expect(edge).not.toHaveProperty("default");
  });

  it("say by kind what a member means that does not mean the same in all of them", () => {
    const other = {
      ...secretSquare,
      properties: [kind("square"), property("radius", { description: "Half an edge." })],
    };
    const [, radius] = merge(circle, other).objects.get("Shape")!.properties;
    expect(radius!.description).toBe("With `circle` (required): The radius. With `square`: Half an edge.");
  });

  it("must agree on the type of a member", () => {
    const other = { ...secretSquare, properties: [kind("square"), property("radius", { type: { kind: "integer" } })] };
    expect(() => merge(circle, other)).toThrow(/do not agree on the type of radius/);
  });
});
