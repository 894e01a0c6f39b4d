import { fileName } from "./file-name.ts";
import { constantName, HEADER } from "./typescript.ts";
import type { ResourceModel } from "./type-model.ts";

/** Which of the two runtimes carries a class to the engine. */
export type Shell = "dynamic" | "native";

/** A TypeScript module with the class of a resource in one of the shells. */
export function renderClass(model: ResourceModel, shell: Shell): string {
  const { name } = model;
  const properties = `${constantName(name)}_PROPERTIES`;
  const token = `${shell}Token(${JSON.stringify(name)})`;
  const types = `../types/${fileName(name)}.ts`;
  const args = model.programArgs ? "Args & ProgramArgs" : "Args";
  const given = model.programArgs ? "fromProgram(args)" : "args";
  const secretOptions = `withSecretOutputs(${properties}, options)`;
  return [
    HEADER,
    'import type * as pulumi from "@pulumi/pulumi";',
    shell === "native"
      ? 'import { resourceWith, toRegistered, withSecretOutputs } from "../../classes/resource-properties.ts";'
      : 'import { resourceWith, withSecretOutputs } from "../../classes/resource-properties.ts";',
    ...(model.programArgs
      ? [`import { fromProgram, type ProgramArgs } from "../../core/${fileName(name)}/program-args.ts";`]
      : []),
    ...(shell === "native"
      ? ['import { nativeOptions, nativeToken } from "../../native/native-resource.ts";']
      : [
          'import { dynamicInputs } from "../../dynamic/dynamic-inputs.ts";',
          'import { dynamicToken } from "../../dynamic/provider-text.ts";',
        ]),
    `import { ${properties} } from "${types}";`,
    `import type { ${name}Args, ${name}Outputs, ${name}State } from "${types}";`,
    "",
    classDoc(model),
    `export class ${name} extends resourceWith<${name}Outputs>() {`,
    `  /** @param args inputs; everything else is computed */`,
    `  constructor(name: string, args: ${name}${args}${model.inputs.some(({ required }) => required) ? "" : " = {}"}, options: pulumi.CustomResourceOptions = {}) {`,
    `    super(`,
    `      ${token},`,
    `      name,`,
    shell === "native"
      ? `      toRegistered(${properties}, ${given}),`
      : `      dynamicInputs(${JSON.stringify(name)}, name, ${properties}, ${given}, options),`,
    shell === "native" ? `      nativeOptions(${secretOptions}),` : `      ${secretOptions},`,
    `    );`,
    `  }`,
    "",
    `  /** Looks up one that exists, by its ID, without managing it. */`,
    `  static get(name: string, id: pulumi.Input<pulumi.ID>, state: ${name}State = {}, options: pulumi.CustomResourceOptions = {}): ${name} {`,
    `    return new ${name}(name, state as ${name}Args, { ...options, id });`,
    `  }`,
    "",
    `  /** Is the value a \`${name}\`, of whatever copy of this package? */`,
    `  static override isInstance(value: unknown): value is ${name} {`,
    `    return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === ${token};`,
    `  }`,
    "}",
    "",
  ].join("\n");
}

function classDoc({ description, example }: ResourceModel): string {
  const lines = [description, "", "@example", "```ts", ...example.typescript.trim().split("\n"), "```"];
  return ["/**", ...lines.map((line) => ` * ${line}`.trimEnd()), " */"].join("\n");
}
