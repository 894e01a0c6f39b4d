import { expandWord, readEnv } from "./dockerfile/reading.ts";
import { Redactor } from "pulumi-nullspace/secrets";
import {
  CreateTemplateRequest,
  formatIssues,
  type PlanResponse,
  type Step,
  type ValidationResponse,
} from "pulumi-nullspace/wire";
import { ServiceError } from "../errors.ts";
import type { BuildService } from "./build-service.ts";
import { digestOf } from "../canonical-json.ts";
import type { CheckedRequest } from "./check-request.ts";
import { copyOrders } from "./copy-sources.ts";
import { BuildCredentials } from "./credentials.ts";
import { commandOf } from "./dockerfile/render-dockerfile.ts";

/** Says whether a request would be accepted; what is wrong with it is an answer here, not an error. */
export async function validateRequest(
  builds: BuildService,
  body: unknown,
  signal: AbortSignal,
): Promise<ValidationResponse> {
  const parsed = CreateTemplateRequest.safeParse(body);
  if (!parsed.success) {
    return {
      valid: false,
      errors: [{ code: "invalid_request", message: formatIssues(parsed.error), phase: "prepare" }],
      warnings: [],
    };
  }
  try {
    const { warnings } = await builds.check(parsed.data, signal);
    return { valid: true, errors: [], warnings };
  } catch (error) {
    if (!(error instanceof ServiceError) || error.status >= 500) throw error;
    const phase = error.detail?.phase;
    // An answer, so that the handler of errors does not see it.
    const redactor = new Redactor(new BuildCredentials(parsed.data).sensitiveTexts);
    return {
      valid: false,
      errors: [
        {
          code: error.code,
          message: redactor.text(error.message),
          phase: typeof phase === "string" ? phase : "prepare",
        },
      ],
      warnings: [],
    };
  }
}

/** What a build of the request would do, step by step. */
export function planOf(checked: CheckedRequest): PlanResponse {
  const { base, context, definition, credentials } = checked;
  const steps = base.kind === "dockerfile" ? dockerfileSteps(checked) : (definition.steps ?? []).flatMap(stepsOf);
  const runtime = definition.runtime_config ?? {};
  const ignored = base.kind === "dockerfile" ? base.checked.ignored : [];
  return {
    build_plan: {
      base_template: baseName(checked),
      run_steps: steps.flatMap((step) => (typeof step.Run === "string" ? [step.Run] : [])),
      build_steps: steps,
      build_envs: definition.build_envs ?? {},
      env_assignments: steps.flatMap((step) => (Array.isArray(step.Env) ? [step.Env as string[]] : [])),
      ignored_instructions: ignored.map(({ instruction }) => instruction),
      ...(definition.start_cmd !== undefined && { start_cmd: definition.start_cmd }),
      ...(runtime.default_user !== undefined && { default_user: runtime.default_user }),
      ...(runtime.default_workdir !== undefined && { default_workdir: runtime.default_workdir }),
      ...(runtime.readiness !== undefined && { readiness: runtime.readiness }),
      ...(ignored.length > 0 && { ignored_instruction_warnings: ignored }),
    },
    requires_base_image_auth: credentials.baseImageAuth !== undefined,
    build_backend: checked.backend,
    source_type: checked.sourceType,
    source_digest: checked.sourceDigest,
    ...(checked.dockerfileDigest !== undefined && { dockerfile_digest: checked.dockerfileDigest }),
    warnings: checked.warnings,
    ...(checked.contextDigest !== undefined && {
      context_manifest: {
        context_manifest_id: `ctx_${digestOf(checked.contextDigest).slice(7, 31)}`,
        context_digest: checked.contextDigest,
        file_count: context.filter(({ type }) => type === "file").length,
      },
    }),
  };
}

function baseName({ base }: CheckedRequest): string {
  switch (base.kind) {
    case "template":
      return canonicalRefName(base.template.canonicalRef, base.template.tag);
    case "image":
      return base.ref;
    case "dockerfile":
      return base.checked.finalBase ?? "";
  }
}

function canonicalRefName(ref: string, tag: string | undefined): string {
  return tag === undefined ? ref : `${ref}:${tag}`;
}

/** A step under the name of its kind. */
type PlannedStep = Record<string, unknown>;

function stepsOf(step: Step): PlannedStep[] {
  switch (step.action) {
    case "workdir":
      return [{ Workdir: step.path }];
    case "user":
      return [{ User: step.user }];
    case "copy":
    case "copy_items":
      return copyOrders(step).map(({ sources, dst, user, mode }) => ({
        Copy: {
          sources,
          dst,
          ...(user !== undefined && { user }),
          ...(mode !== undefined && { mode: mode.toString(8).padStart(4, "0") }),
        },
      }));
    case "skip_cache":
      return [{ SkipCache: true }];
    default: {
      const command = commandOf(step);
      return command === undefined ? [] : [{ Run: command.text }];
    }
  }
}

function dockerfileSteps({ base }: CheckedRequest): PlannedStep[] {
  if (base.kind !== "dockerfile") return [];
  const { instructions, escape } = base.checked;
  return instructions
    .filter(({ keyword }) => keyword !== "FROM" && keyword !== "ARG")
    .flatMap(({ keyword, argument, heredocs }): PlannedStep[] => {
      const text = [argument.trim(), ...heredocs.map(({ body }) => body.trimEnd())].join("\n");
      const kind = keyword.charAt(0) + keyword.slice(1).toLowerCase();
      return keyword === "ENV" ? envPairs(argument, escape).map((pair) => ({ Env: pair })) : [{ [kind]: text }];
    });
}

/** What an ENV sets, quotes and escapes taken away; of a variable that it uses nothing is known here. */
function envPairs(argument: string, escape: "\\" | "`"): [string, string][] {
  const variables = { get: (name: string) => `\${${name}}`, untold: (what: string) => what };
  return (readEnv(argument, escape) ?? []).map(({ name, value = "" }) => [
    name,
    expandWord(value, variables, { escape }) ?? value,
  ]);
}
