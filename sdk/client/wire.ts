import type * as wire from "../wire/index.ts";

/** The schemas of the wire: what an answer must look like. */
export type Wire = typeof wire;

/**
 * Loads the schemas, at the first answer. Making them is most of the cost of loading the SDK, and a program that imports
 * it to describe a template, or a Pulumi program in a preview, may never make a call.
 */
export function loadWire(): Promise<Wire> {
  return import("../wire/index.ts");
}
