import { existsSync, readFileSync } from "node:fs";
import { relative, sep } from "node:path";
import { fromWire, READINESS_NAMES, REGISTRY_AUTH_NAMES } from "../../../sdk/wire/member-names.ts";
import type { BaseImageAuth } from "../../../sdk/wire/index.ts";
import type { TemplateBuilder, TemplateDefinition } from "../../../sdk/template/index.ts";
import { registryHost } from "../../../sdk/docker/auth/registry-host.ts";
import { parseImageRef } from "../../../sdk/docker/image-ref.ts";
import { ConflictingSourceError } from "../../errors.ts";
import { fromWireNames } from "./step-names.ts";

/** What a TypeScript program may give a Template beside its inputs. */
export interface ProgramArgs {
  /**
   * A builder of `pulumi-nullspace/sdk`, such as `fromPythonImage("3.12").pipInstall("numpy").copy("./src", "/app")`: it
   * gives the source, the steps, and what else it says of the template. An input that is given as well wins over what the
   * builder says, but for the source itself.
   */
  source?: TemplateBuilder;
}

/** Inputs that say what a template is built from. */
const SOURCE_INPUTS = ["image", "fromTemplate", "dockerfile", "dockerfileContent", "steps"];

/**
 * The inputs that a program's arguments stand for: a builder is taken apart. Nothing of the provider is loaded for it.
 *
 * @throws ConflictingSourceError when a source is given beside the builder
 */
export function fromProgram<Args extends object>(args: Args & ProgramArgs): Args {
  const { source, ...inputs } = args as Record<string, unknown> & ProgramArgs;
  if (source === undefined) return args;
  const conflict = SOURCE_INPUTS.find((name) => inputs[name] !== undefined);
  if (conflict !== undefined) throw new ConflictingSourceError(conflict);
  return { ...inputsOf(source.definition), ...inputs } as Args;
}

function inputsOf(definition: TemplateDefinition): Record<string, unknown> {
  const { buildEnvs, runtimeEnvs, startCmd, readiness, defaultUser, defaultWorkdir, buildSecrets } = definition;
  return {
    ...sourceOf(definition),
    ...contextOf(definition),
    ...(Object.keys(buildEnvs).length > 0 && { buildEnv: { ...buildEnvs } }),
    ...(Object.keys(runtimeEnvs).length > 0 && { env: { ...runtimeEnvs } }),
    ...(startCmd !== undefined && { startCmd }),
    ...(readiness !== undefined && { readiness: fromWire(READINESS_NAMES, readiness) }),
    ...(defaultUser !== undefined && { user: defaultUser }),
    ...(defaultWorkdir !== undefined && { workdir: defaultWorkdir }),
    ...(buildSecrets.length > 0 && {
      buildSecrets: Object.fromEntries(buildSecrets.map(({ id, value }) => [id, value])),
    }),
  };
}

function sourceOf({ base, steps, baseImageAuth }: TemplateDefinition): Record<string, unknown> {
  if (base.kind === "dockerfile") return { dockerfileContent: base.content };
  return {
    ...(base.isTemplate === true ? { fromTemplate: base.image } : { image: base.image }),
    ...(steps.length > 0 && { steps: steps.map(({ step }) => fromWireNames(step)) }),
    ...(baseImageAuth !== undefined && { registryAuth: [registryAuth(base.image, baseImageAuth)] }),
  };
}

/** A builder reads ignore files with Git's rules, and none where it has no file context. */
function contextOf({ base, fileContext }: TemplateDefinition): Record<string, unknown> {
  // No file at all belongs to a Dockerfile without a context; to steps, those that they copy, whatever an ignore file says.
  if (fileContext === undefined) return { ignorePatterns: [base.kind === "dockerfile" ? "**" : "!**"] };
  const { root, ignorePatterns } = fileContext;
  return {
    context: relative(process.cwd(), root).split(sep).join("/") || ".",
    ignoreSyntax: "gitignore",
    ...(ignorePatterns.length > 0 && { ignorePatterns: [...ignorePatterns] }),
    ...(base.kind === "dockerfile" && dockerfileIn(root, base)),
  };
}

/** The Dockerfile by its path, where it is what the builder has read: then its own ignore file counts. */
function dockerfileIn(root: string, { content, path }: { content: string; path?: string }): Record<string, unknown> {
  if (path === undefined || !existsSync(path) || readFileSync(path, "utf8") !== content) return {};
  return { dockerfile: relative(root, path).split(sep).join("/"), dockerfileContent: undefined };
}

function registryAuth(image: string, auth: BaseImageAuth): Record<string, unknown> {
  const { service_account_json, ...rest } = auth as BaseImageAuth & { service_account_json?: unknown };
  const json = service_account_json === undefined ? {} : { service_account_json: JSON.stringify(service_account_json) };
  return {
    registry: registryHost(parseImageRef(image).registry),
    auth: fromWire(REGISTRY_AUTH_NAMES, { ...rest, ...json }),
  };
}
