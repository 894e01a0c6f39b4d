import type { CreateTemplateRequest, Readiness } from "pulumi-nullspace/wire";

/** How machines of an artifact start: what its build asks for, over what it has from its parent or image. */
export interface ArtifactRuntime {
  /** Variables of the main process and of every command, over those of the image. */
  env: Record<string, string>;
  /** Names of further variables, whose values the image holds. */
  imageEnvKeys: string[];
  startCmd?: string;
  /** The start command is the image's own: it may end at once, as a shell without a terminal does. */
  mayStartCmdEnd?: boolean;
  readiness?: Readiness;
  /** Absent: the image's own. */
  user?: string;
  /** Absent: the image's own. */
  workdir?: string;
}

/** What a child template has from its parent, in its build and in its machines. */
export type InheritedRuntime = Pick<ArtifactRuntime, "env" | "imageEnvKeys">;

export const NOTHING_INHERITED: InheritedRuntime = { env: {}, imageEnvKeys: [] };

/** What a build asks for, over what it inherits. */
export function runtimeOf(
  definition: Pick<CreateTemplateRequest, "runtime_config" | "start_cmd">,
  inherited: InheritedRuntime,
): ArtifactRuntime {
  const { runtime_config: runtime = {}, start_cmd: startCmd } = definition;
  return {
    env: { ...inherited.env, ...runtime.default_envs },
    imageEnvKeys: inherited.imageEnvKeys,
    ...(startCmd !== undefined && { startCmd }),
    ...(runtime.readiness !== undefined && { readiness: runtime.readiness }),
    ...(runtime.default_user !== undefined && { user: runtime.default_user }),
    ...(runtime.default_workdir !== undefined && { workdir: runtime.default_workdir }),
  };
}
