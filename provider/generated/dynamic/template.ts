// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import { resourceWith, withSecretOutputs } from "../../classes/resource-properties.ts";
import { fromProgram, type ProgramArgs } from "../../core/template/program-args.ts";
import { dynamicInputs } from "../../dynamic/dynamic-inputs.ts";
import { dynamicToken } from "../../dynamic/provider-text.ts";
import { TEMPLATE_PROPERTIES } from "../types/template.ts";
import type { TemplateArgs, TemplateOutputs, TemplateState } from "../types/template.ts";

/**
 * A sandbox template: an image built from a Dockerfile and its build context, under a name, ready to start machines from. A content hash of the context decides, without asking the service, whether anything has to be built.
 *
 * @example
 * ```ts
 * const web = new Template("web", {
 *   name: "web",
 *   context: "./app",
 *   startCmd: "node server.js",
 *   readiness: { kind: "http", port: 8080, path: "/healthz" },
 * });
 * ```
 */
export class Template extends resourceWith<TemplateOutputs>() {
  /** @param args inputs; everything else is computed */
  constructor(name: string, args: TemplateArgs & ProgramArgs = {}, options: pulumi.CustomResourceOptions = {}) {
    super(
      dynamicToken("Template"),
      name,
      dynamicInputs("Template", name, TEMPLATE_PROPERTIES, fromProgram(args), options),
      withSecretOutputs(TEMPLATE_PROPERTIES, options),
    );
  }

  /** Looks up one that exists, by its ID, without managing it. */
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state: TemplateState = {},
    options: pulumi.CustomResourceOptions = {},
  ): Template {
    return new Template(name, state as TemplateArgs, { ...options, id });
  }

  /** Is the value a `Template`, of whatever copy of this package? */
  static override isInstance(value: unknown): value is Template {
    return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === dynamicToken("Template");
  }
}
