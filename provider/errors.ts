import { NullspaceError } from "../sdk/errors.ts";

/** Property bag as the engine keeps it. */
type Properties = Record<string, unknown>;

/**
 * The resource exists, but is not what was asked for yet. The engine saves it with these outputs and reasons, fails the
 * update, and calls `update` again in the next one.
 */
export class PartialFailureError extends NullspaceError {
  /** ID of the resource that exists. */
  readonly id: string;
  /** What is known of it now. */
  readonly outputs: Properties;
  /** Why it is not ready, for people, one a line of the engine's list. */
  readonly reasons: readonly string[];

  constructor({
    id,
    outputs,
    reasons,
    cause,
  }: {
    id: string;
    outputs: Properties;
    reasons: readonly string[];
    cause?: unknown;
  }) {
    super(reasons.join("\n"), { code: "partial_failure", cause });
    this.id = id;
    this.outputs = outputs;
    this.reasons = reasons;
  }
}

/** A name or alias that another template holds. */
export class NameTakenError extends NullspaceError {
  /** The name as a reference, `namespace/name` where that is known. */
  readonly ref: string;
  /** Canonical reference of the template that holds it, if that could be learned. */
  readonly holder: string | undefined;

  constructor(message: string, { ref, holder, cause }: { ref: string; holder?: string | undefined; cause?: unknown }) {
    super(message, { code: "name_taken", cause });
    this.ref = ref;
    this.holder = holder;
  }
}

/** A build was to be tagged as a template that it is not a build of. */
export class ForeignBuildError extends NullspaceError {
  readonly buildId: string;

  constructor({ buildId, builtAs, template }: { buildId: string; builtAs: string; template: string }) {
    super(
      `build ${buildId} is a build of ${builtAs}, not of ${template}: give a buildId of ${template}, or set template to ${builtAs}`,
      { code: "foreign_build" },
    );
    this.buildId = buildId;
  }
}

/** A build that should be live is not at the service any more, or what it has made is not. */
export class BuildGoneError extends NullspaceError {
  readonly buildId: string;

  /** @param why what has become of it; default: the service does not know the build */
  constructor(buildId: string, template: string, why = "the service does not know it") {
    super(
      `build ${buildId} of ${template} is gone: ${why}. Give another buildId; if it is the one that the stack of the ` +
        "Template has live, pulumi up --refresh there builds it again",
      { code: "build_gone" },
    );
    this.buildId = buildId;
  }
}

/** A build that should be live has not ended, or has failed. */
export class BuildNotReadyError extends NullspaceError {
  readonly buildId: string;
  /** Where the build is in its life: `waiting`, `building`, `error` or `cancelled`. */
  readonly status: string;

  constructor(buildId: string, template: string, status: string) {
    super(
      `build ${buildId} of ${template} is "${status}", and only one that is "ready" can be promoted: give its buildId`,
      {
        code: "build_not_ready",
      },
    );
    this.buildId = buildId;
    this.status = status;
  }
}

/** Files of the build context changed between the moment when the update was planned and the build. */
export class ContextChangedError extends NullspaceError {
  /** Hash that the inputs have. */
  readonly contextHash: string;
  /** Hash of the files as they are now. */
  readonly actualHash: string;
  /** What changed, `~ path`, `+ path` or `- path`; empty where that is not known. */
  readonly changed: readonly string[];

  constructor(facts: { contextHash: string; actualHash: string; changed: readonly string[] }) {
    super(
      `the build context changed since the preview${listed(facts.changed)}. Nothing was built: run pulumi up again`,
      { code: "context_changed" },
    );
    this.contextHash = facts.contextHash;
    this.actualHash = facts.actualHash;
    this.changed = facts.changed;
  }
}

/** The context hash is pinned, something else asks for a build, and the files on the disk have another hash. */
export class PinnedHashError extends NullspaceError {
  /** Hash that is pinned. */
  readonly contextHash: string;
  /** Hash of the files as they are now. */
  readonly actualHash: string;
  /** What differs, `~ path`, `+ path` or `- path`; empty where that is not known. */
  readonly changed: readonly string[];

  constructor(facts: { contextHash: string; actualHash: string; changed: readonly string[] }) {
    super(
      `contextHash is pinned to ${facts.contextHash}, and the files have ${facts.actualHash}${listed(facts.changed)}. ` +
        "A build of these files would be recorded under the wrong hash, so nothing was built. Either bring the files back " +
        'to what is pinned, or build what is there: remove "contextHash" from ignoreChanges, or contextHash from the program',
      { code: "context_hash_pinned" },
    );
    this.contextHash = facts.contextHash;
    this.actualHash = facts.actualHash;
    this.changed = facts.changed;
  }
}

/** The Dockerfile and a named context do not go together. */
export class NamedContextError extends NullspaceError {
  /** Name of the context. */
  readonly context: string;

  constructor(context: string, reason: string) {
    super(`contexts.${context}: ${reason}`, { code: "invalid_named_context" });
    this.context = context;
  }
}

function listed(changed: readonly string[]): string {
  return changed.length === 0 ? "" : ` (${changed.join(", ")})`;
}

/** A tag that belongs to something else, or that somebody else moved. */
export class TagTakenError extends NullspaceError {
  /** `namespace/name:tag` */
  readonly ref: string;
  /** Build that it points at, `tb_…`. */
  readonly buildId: string;

  constructor(message: string, { ref, buildId }: { ref: string; buildId: string }) {
    super(message, { code: "tag_taken" });
    this.ref = ref;
    this.buildId = buildId;
  }
}

/** What the state knows as this resource's has been taken over by another, or is needed by one. */
export class NotOwnedError extends NullspaceError {
  /** The thing: `namespace/name`, or the id of a pool. */
  readonly ref: string;

  constructor(message: string, ref: string) {
    super(message, { code: "not_owned" });
    this.ref = ref;
  }
}

/** A resource of one service, and a provider that is set to another. */
export class OtherServiceError extends NullspaceError {
  /** Address of the service that the resource is of. */
  readonly recorded: string;
  /** Address that the provider is set to. */
  readonly current: string;

  constructor({ recorded, current }: { recorded: string; current: string }) {
    super(
      `this resource was made at ${recorded}, and the provider is set to ${current}, which is another service. Nothing was ` +
        `changed, and the state is kept. Set NULLSPACE_API_URL (or nullspace:apiUrl) back to ${recorded}; or, to leave the ` +
        "resource there and make a new one here, take it out of the state with pulumi state delete",
      { code: "other_service" },
    );
    this.recorded = recorded;
    this.current = current;
  }
}

/** What the state has is not at the service any more, and an update cannot bring it back under its ID. */
export class GoneError extends NullspaceError {
  /** @param what in words: `warm pool twp_1` */
  constructor(what: string) {
    super(
      `${what} was deleted at the service. Run pulumi refresh, which takes it out of the state, and then pulumi up, which creates it again`,
      { code: "gone" },
    );
  }
}

/** A program asks for a pool that there is not, or does not say which. */
export class NoSuchPoolError extends NullspaceError {
  constructor(message: string) {
    super(message, { code: "warm_pool_not_found" });
  }
}

/** An ID that cannot be one of this type. */
export class InvalidIdError extends NullspaceError {
  constructor(type: string, id: string, form: string) {
    super(`"${id}" is not the ID of a ${type}: it is ${form}`, { code: "invalid_id" });
  }
}

/** The operation did not end in its time. */
export class OperationTimeoutError extends NullspaceError {
  readonly timeoutMs: number;

  /** `create`, `update`, `delete` or `read`. */
  readonly operation: string;

  /** @param customTimeouts the shell passes on the resource option of that name, which gives more time */
  constructor(timeoutMs: number, operation: string, { customTimeouts }: { customTimeouts: boolean }) {
    // A read takes no time limit from the resource, a dynamic resource none at all.
    const longer =
      customTimeouts && operation !== "read"
        ? `with the resource option customTimeouts: { ${operation}: "60m" }`
        : "with pulumi config set nullspace:operationTimeoutMinutes 60";
    super(
      `not done after ${Math.round(timeoutMs / 1000)} s: run the same command again to continue from here, or give it more time ${longer}`,
      { code: "operation_timeout" },
    );
    this.timeoutMs = timeoutMs;
    this.operation = operation;
  }
}

/** A pool was to be drained before it is deleted, and its machines were not back in time. */
export class PoolInUseError extends NullspaceError {
  constructor(id: string, inUse: number, cause: OperationTimeoutError) {
    super(
      `warm pool ${id} was drained and not deleted: machines still in use: ${inUse}; ${cause.message}. ` +
        "To delete it all the same, set forceDelete: true, and run pulumi up before pulumi destroy",
      { code: "pool_in_use", cause },
    );
  }
}

/** A setting of the provider that is not right. */
export class SettingError extends NullspaceError {
  constructor({ property, reason }: { property: string; reason: string }) {
    super(
      `the setting nullspace:${property} is not valid: ${reason}. (If you have corrected it since: pulumi destroy takes the ` +
        "settings of the last update from the state, unless it is given --run-program)",
      { code: "invalid_setting" },
    );
  }
}

/** A program gives a Template two sources. */
export class ConflictingSourceError extends NullspaceError {
  constructor(input: string) {
    super(
      `a Template is given source and ${input}: the builder already says what it is built from. Leave one of them out`,
      {
        code: "conflicting_source",
      },
    );
  }
}

/** A function of the provider that could not be answered. */
export class FunctionFailedError extends NullspaceError {
  constructor(name: string, reason: string, options: { code: string; cause: unknown }) {
    super(`${name}: ${reason}`, options);
  }
}

/** Arguments of a function that are not right. */
export class InvalidArgumentsError extends NullspaceError {
  readonly failures: readonly { property: string; reason: string }[];

  constructor(name: string, failures: readonly { property: string; reason: string }[]) {
    super(`${name}: ${failures.map(({ property, reason }) => `${property}: ${reason}`).join("; ")}`, {
      code: "invalid_arguments",
    });
    this.failures = failures;
  }
}

/** The API key is not of the namespace that the program expects. */
export class WrongNamespaceError extends NullspaceError {
  readonly namespace: string;

  constructor(namespace: string, baseUrl: string) {
    super(
      `the namespace ${namespace} is not that of the API key at ${baseUrl}: nothing was read or changed. ` +
        `Use a key of ${namespace}, or take namespace out of the program and of the provider's settings`,
      { code: "wrong_namespace" },
    );
    this.namespace = namespace;
  }
}

/** The user stopped the update. */
export class OperationCancelledError extends NullspaceError {
  constructor() {
    super("stopped by the user: run the same command again to continue from here", { code: "operation_cancelled" });
  }
}

/** A resource type that this provider does not have. */
export class UnknownTypeError extends NullspaceError {
  /** @param kind what there is none of */
  constructor(type: string, known: readonly string[], kind: "resource type" | "function" = "resource type") {
    super(`there is no ${kind} ${type} in this provider: it has ${known.join(", ")}`, {
      code: kind === "function" ? "unknown_function" : "unknown_resource_type",
    });
  }
}

/** A value on the engine's wire that this provider does not take. */
export class WireValueError extends NullspaceError {
  constructor(what: string) {
    super(`${what} cannot be used here: give the path of a folder or a plain value`, { code: "invalid_wire_value" });
  }
}

/** A build that ended badly. `reasons` is what the user needs: the step, the last log lines, what to do. */
export class BuildFailedError extends NullspaceError {
  readonly buildId: string;
  /** `error` or `cancelled`. */
  readonly status: string;
  readonly reasons: readonly string[];

  constructor(buildId: string, status: string, reasons: readonly string[]) {
    super(reasons.join("\n"), { code: "build_failed" });
    this.buildId = buildId;
    this.status = status;
    this.reasons = reasons;
  }
}

/** There is no API key, neither in the stack's configuration nor where the client looks. */
export class NoApiKeyError extends NullspaceError {
  constructor(cause: Error) {
    super(`${cause.message}. For this stack alone: pulumi config set --secret nullspace:apiKey`, {
      code: "missing_api_key",
      cause,
    });
  }
}

/** What was asked to be adopted is not there. */
export class PatternError extends NullspaceError {
  readonly pattern: string;

  constructor(pattern: string, problem: string, cause?: unknown) {
    super(`"${pattern}" adopts nothing: ${problem}. Without names, everything of your own namespace is adopted`, {
      code: "nothing_to_adopt",
      cause,
    });
    this.pattern = pattern;
  }
}

/** Files that would be overwritten are there already. Nothing was written. */
export class FilesExistError extends NullspaceError {
  readonly files: readonly string[];

  constructor(files: readonly string[]) {
    super(
      `${files.join(" and ")} ${files.length === 1 ? "exists" : "exist"} already, and nothing was written. Choose another ` +
        "folder with --out, or overwrite with --force",
      { code: "files_exist" },
    );
    this.files = files;
  }
}

/** A file that a program was to be made from cannot be used. */
export class SourceFileError extends NullspaceError {
  readonly file: string;

  constructor(file: string, problem: string, cause?: unknown) {
    super(`${file} cannot be made into a program: ${problem}`, { code: "invalid_source_file", cause });
    this.file = file;
  }
}
