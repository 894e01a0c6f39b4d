const hasInstance = Function.prototype[Symbol.hasInstance] as (this: unknown, value: unknown) => boolean;

/** Members that every error of this package may carry in addition to its message. */
export interface NullspaceErrorOptions {
  /** Stable machine code, lower snake case. */
  code: string;
  /** What led to this error. */
  cause?: unknown;
}

/**
 * Root of the errors that this package throws on purpose. `code` is stable; `message` is for people and says what
 * happened, to which thing, and what to do next. Match on the class or on `code`, never on the text: `instanceof` also
 * recognises errors of another copy of this package in the same process.
 */
export class NullspaceError extends Error {
  static {
    markError(this, "NullspaceError");
  }

  /** Stable machine code, lower snake case. */
  readonly code: string;

  constructor(message: string, { code, cause }: NullspaceErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * Has `instanceof` of a class go by a mark on its instances, which all copies of this package share, as undici does it: npm
 * installs several when versions differ, and the bundle that Pulumi loads is one of its own. A class without a mark that
 * extends one with it, such as a user's, goes by its prototype as ever.
 *
 * @param name the class's own; minifiers and bundlers may rename the class itself
 * @internal
 */
export function markError(Class: abstract new (...args: never[]) => Error, name: string): void {
  const mark = Symbol.for(`pulumi-nullspace.error.${name}`);
  Object.defineProperty(Class.prototype, mark, { value: true });
  Object.defineProperty(Class, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (this !== Class) return hasInstance.call(this, value);
      return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[mark] === true;
    },
  });
}
