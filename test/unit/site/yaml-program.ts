/** What of a package schema says whether a program is right. */
export interface PackageSchema {
  config: { variables: Record<string, { description: string; secret?: boolean }> };
  provider: { inputProperties: Record<string, TypeSchema> };
  resources: Record<string, ResourceSchema>;
  types: Record<string, { properties?: Record<string, TypeSchema>; required?: string[]; enum?: { value: string }[] }>;
}

interface ResourceSchema {
  inputProperties: Record<string, TypeSchema>;
  requiredInputs?: string[];
  properties: Record<string, TypeSchema>;
}

interface TypeSchema {
  type?: string;
  $ref?: string;
  const?: string;
  items?: TypeSchema;
  additionalProperties?: TypeSchema;
  oneOf?: TypeSchema[];
}

interface YamlProgram {
  config?: Record<string, unknown>;
  resources?: Record<string, { type: string; properties?: Record<string, unknown> }>;
  outputs?: Record<string, unknown>;
}

/** What is wrong with a Pulumi program in YAML, in the eyes of the schema: types, properties, values, references. */
export function faultsOf(program: YamlProgram, schema: PackageSchema): string[] {
  const faults: string[] = [];
  const resources = program.resources ?? {};
  const schemaOf = (type: string): ResourceSchema | undefined =>
    schema.resources[type.replace(/^nullspace:(\w+)$/, "nullspace:index:$1")];

  const checkObject = (
    at: string,
    value: Record<string, unknown>,
    properties: Record<string, TypeSchema>,
    required: readonly string[] = [],
  ): void => {
    for (const name of required) if (!(name in value)) faults.push(`${at}: ${name} is missing`);
    for (const [name, each] of Object.entries(value)) {
      const type = properties[name];
      if (type === undefined) faults.push(`${at}.${name}: no such property`);
      else checkValue(`${at}.${name}`, each, type);
    }
  };
  const checkValue = (at: string, value: unknown, type: TypeSchema): void => {
    // What it stands for is known when the program runs.
    if (typeof value === "string" && /^\$\{.*\}$/.test(value)) return;
    if (type.oneOf !== undefined) {
      const { kind } = value as { kind?: string };
      // A word of an enum, or an object that says which it is.
      const chosen =
        typeof value === "string"
          ? type.oneOf.find(({ $ref }) => definition($ref)?.enum)
          : type.oneOf.find(({ $ref }) => definition($ref)?.properties?.["kind"]?.const === kind);
      if (chosen === undefined) faults.push(`${at}: no kind ${kind}`);
      else checkValue(at, value, chosen);
    } else if (type.$ref !== undefined) {
      const named = definition(type.$ref);
      const values = named?.enum?.map((each) => each.value);
      if (values !== undefined && !values.includes(value as string))
        faults.push(`${at}: ${value as string} is none of ${values.join(", ")}`);
      if (named?.properties !== undefined)
        checkObject(at, value as Record<string, unknown>, named.properties, named.required);
    } else if (type.type === "array") {
      for (const each of value as unknown[]) checkValue(at, each, type.items!);
    } else if (type.type === "object") {
      for (const each of Object.values(value as object)) checkValue(at, each, type.additionalProperties ?? {});
    } else if (
      type.type === "integer" ? !Number.isInteger(value) : type.type !== undefined && typeof value !== type.type
    ) {
      faults.push(`${at}: ${String(value)} is no ${type.type}`);
    }
  };
  const definition = ($ref = "") => schema.types[$ref.replace("#/types/", "")];

  for (const [name, { type, properties = {} }] of Object.entries(resources)) {
    // Of other packages, and the provider itself.
    if (type.startsWith("pulumi:")) continue;
    const known = schemaOf(type);
    if (known === undefined) faults.push(`${name}: no type ${type}`);
    else checkObject(name, properties, known.inputProperties, known.requiredInputs);
  }
  for (const [, text] of JSON.stringify(program).matchAll(/\$\{([^}]*)\}/g)) {
    const [name = "", output] = text!.split(/[.[]/);
    const type = resources[name]?.type;
    if (type === undefined && !(name in (program.config ?? {})) && !/^[A-Z]+$/.test(name))
      faults.push(`\${${text}}: no such name`);
    const known = type === undefined ? undefined : schemaOf(type);
    if (known !== undefined && output !== undefined && !(output in known.properties) && output !== "id")
      faults.push(`\${${text}}: no such output`);
  }
  return faults;
}
