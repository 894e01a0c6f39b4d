import type { z } from "zod";
import type { NullspaceClient } from "../../sdk/client/index.ts";
import type { Properties } from "./properties.ts";

/** Something that a program can ask the service, without managing it. */
export interface ProviderFunction {
  /** Name, such as `getTemplate`. */
  readonly name: string;
  /** What it gives, in a sentence or two of Markdown. */
  readonly description: string;
  /** Lines of a TypeScript program that calls it; `outputs`: with outputs of resources, by the name that ends in `Output`. */
  readonly example: { readonly typescript: string; readonly outputs: string };
  readonly inputs: z.ZodObject;
  readonly outputs: z.ZodObject;
  /**
   * Asks the service.
   *
   * @param inputs checked, defaults filled in
   * @throws NotFoundError when there is no such thing
   */
  call(client: NullspaceClient, inputs: Properties, signal: AbortSignal): Promise<Properties>;
}
