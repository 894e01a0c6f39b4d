/** What is said of a preview, as data: `--format json` prints it, the other formats lay it out. */
export interface Report {
  /** Version of this form; it goes up when a member changes its meaning or goes away. */
  version: 1;
  /** The whole in a line. */
  verdict: string;
  /** A preview did not come to its end, so that more may change than is shown. */
  failed: boolean;
  stacks: StackReport[];
}

export interface StackReport {
  title: string;
  verdict: string;
  failed: boolean;
  templates: TemplateFact[];
  tags: TagFact[];
  aliases: AliasFact[];
  pools: PoolFact[];
  /** Resources of other providers. */
  others: OtherFact[];
  warnings: MessageFact[];
  errors: MessageFact[];
  /** What the provider says beside its warnings. */
  notes: MessageFact[];
  /** Updates in the preview that turn out to have nothing to do. */
  settled: string[];
}

/**
 * What becomes of a resource.
 *
 * - `rebuild`: of a template: a new build, in place
 * - `update`: in place, without a build
 */
export type Action = "create" | "rebuild" | "update" | "replace" | "delete" | "import" | "retain";

interface Fact {
  /** Name in the program. */
  resource: string;
  action: Action;
  /** False: whether it happens depends on a value that is not known yet. */
  certain: boolean;
  /** The update may turn out to be a replacement: an input that decides on it is not known yet. */
  mayBeReplaced?: true;
}

export interface TemplateFact extends Fact {
  /** `namespace/name`, or the name alone before there is a template. */
  ref: string;
  /** With a new name. */
  renamedTo?: string;
  files: FileFact[];
  inputs: InputFact[];
  /** From where on nothing comes from the builder's cache: `line 3 (COPY . .)`, `steps[1]`; absent where it is not known. */
  cacheLostFrom?: string;
}

export interface FileFact {
  path: string;
  kind: "add" | "update" | "delete";
}

/** A changed input. Values are JSON texts, unless they are texts themselves; secrets are `[secret]`. */
export interface InputFact {
  path: string;
  kind: "add" | "update" | "delete";
  before?: string;
  after?: string;
  /** In place of `after`, where it is not known yet: where the value comes from. */
  afterUpdateOf?: string;
}

/** A build, or what is known of one that is not there yet. */
export type BuildFact =
  | { kind: "build"; id: string }
  | { kind: "new build"; of: string }
  /** Wherever somebody else has moved the tag. */
  | { kind: "elsewhere" }
  | { kind: "unknown" };

export interface TagFact extends Fact {
  template: string;
  tag: string;
  /** `null`: there was no such tag. */
  from: BuildFact | null;
  /** `null`: the tag is removed. */
  to: BuildFact | null;
}

export interface AliasFact extends Fact {
  alias: string;
  /** Template that it stands for; absent where that is not known yet. */
  template?: string;
}

export interface PoolFact extends Omit<Fact, "action"> {
  /** `follow`: the pool itself stays as it is, and the tag that it follows moves. */
  action: Action | "follow";
  pool: string;
  inputs: InputFact[];
  /** Do its machines give way to others? */
  rolls: "yes" | "no" | "maybe";
  from?: BuildFact;
  to?: BuildFact;
  minReady?: number;
  maxReady?: number;
  /** When nobody gets a ready machine from it. */
  empty: Emptiness;
}

/**
 * - `never`: new machines start beside the old ones, or one at a time in their place
 * - `one start`: its only machine makes room for the new one
 * - `until filled`: the pool is new
 * - `may be`: `minReady` is 0
 * - `disabled`: it gives out none
 * - `gone`: it is deleted
 */
export type Emptiness = "never" | "one start" | "until filled" | "may be" | "disabled" | "gone" | "unknown";

export interface OtherFact {
  type: string;
  resource: string;
  op: string;
}

export interface MessageFact {
  /** `drift`: what is there is not what the last update left; `tag moved`: somebody else has moved a tag. */
  kind: "said" | "drift" | "tag moved" | "secret build argument";
  /** Resource that it is about. */
  resource?: string;
  text: string;
}
