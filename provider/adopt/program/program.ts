/** A TypeScript expression that is written as it stands, such as `web.name`. Texts of others never become one. */
export class Expression {
  readonly code: string;
  /** Constants of the program that it uses. */
  readonly uses: readonly string[];

  constructor(code: string, uses: readonly string[]) {
    this.code = code;
    this.uses = uses;
  }
}

/** One input of a resource, as the program gives it. */
export interface ProgramInput {
  name: string;
  /** An {@link Expression}, or anything that JSON can hold. */
  value: unknown;
  /** Lines above it; texts of others stand in them as `quote` gives them. */
  comment?: readonly string[];
}

/** What the SDK of Pulumi is called in the program. */
export const PULUMI = "pulumi";
/** What `new pulumi.Config()` is called in the program. */
export const CONFIG = "config";

/** A resource of the program. */
export interface ProgramResource {
  /** Name of its class, such as `Template`. */
  type: string;
  /** The constant that other resources know it by; left out of the text when none uses it. */
  variable?: string;
  /** Its name for Pulumi. */
  name: string;
  comment?: readonly string[];
  inputs: readonly ProgramInput[];
}

/** A program, as far as the printer needs to know it. */
export interface Program {
  /** Module of the classes, such as `pulumi-nullspace/native`. */
  module: string;
  /** Lines above everything. */
  comment: readonly string[];
  resources: readonly ProgramResource[];
}
