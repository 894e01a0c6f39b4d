import { HEADER, renderMember } from "./typescript.ts";
import type { PropertyModel } from "./type-model.ts";

/** A TypeScript module with the class of the plugin's explicit provider. */
export function renderProviderClass(settings: readonly PropertyModel[]): string {
  const secrets = settings.filter(({ secret }) => secret).map(({ name }) => JSON.stringify(name));
  return [
    HEADER,
    'import type * as pulumi from "@pulumi/pulumi";',
    'import { NativeProvider } from "../../native/native-resource.ts";',
    "",
    "/** Settings of a {@link Provider}. What is not given comes from the environment and the config files. */",
    "export interface ProviderArgs {",
    ...settings.map((setting) => renderMember(setting)),
    "}",
    "",
    "/**",
    " * A connection to a Nullspace service, for resources that are not to use the stack's own.",
    " *",
    " * @example",
    " * ```ts",
    ' * const staging = new Provider("staging", {',
    ' *   apiUrl: "https://staging.example.com",',
    ' *   apiKey: config.requireSecret("key"),',
    " * });",
    ' * new Template("web", { name: "web", context: "./app" }, { provider: staging });',
    " * ```",
    " */",
    "export class Provider extends NativeProvider {",
    "  constructor(name: string, args: ProviderArgs = {}, options: pulumi.ResourceOptions = {}) {",
    `    super(name, args, [${secrets.join(", ")}], options);`,
    "  }",
    "",
    "  /** Is the value a `Provider`, of whatever copy of this package? */",
    "  static override isInstance(value: unknown): value is Provider {",
    '    return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === "pulumi:providers:nullspace";',
    "  }",
    "}",
    "",
  ].join("\n");
}
