/** One thing that is wrong with a value. */
export interface SchemaIssue {
  /** Steps from the value to the part that is wrong; none: the value itself. */
  readonly path: readonly PropertyKey[];
  /** What is wrong, without the path. */
  readonly message: string;
}

/** Everything that is wrong with a value. */
export interface SchemaError {
  readonly name: string;
  readonly message: string;
  readonly issues: readonly SchemaIssue[];
}

/** What {@link Schema.safeParse} found. */
export type SchemaResult<Output> =
  { readonly success: true; readonly data: Output } | { readonly success: false; readonly error: SchemaError };

/**
 * What a value must look like, for a program that did not make it: a body, a file. The library that checks it is not part of
 * its type, so that a program need not have that library, nor its version.
 */
export interface Schema<Output> {
  /**
   * The value, with its defaults filled in. Members that the schema does not know are kept or left out, as it says.
   *
   * @throws SchemaError when it does not fit
   */
  parse(value: unknown): Output;
  /** As `parse`; what is wrong is returned and not thrown. */
  safeParse(value: unknown): SchemaResult<NoInfer<Output>>;
}
