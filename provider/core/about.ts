/** What people read of a resource: its pages, its schema and its classes are made from it. */
export interface About {
  /** Name of the type, such as `Template`. */
  readonly type: string;
  /** What it is, in a few sentences of Markdown. The first one introduces it wherever there is room for one only. */
  readonly description: string;
  /** Lines of a TypeScript program that makes one. Whole programs, in every language, are made from those in `examples/`. */
  readonly example: { readonly typescript: string };
  /** What `pulumi import` is given. */
  readonly importId: { readonly form: string; readonly example: string };
}
