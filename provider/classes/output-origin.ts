import * as pulumi from "./pulumi.ts";

/** Where an output comes from. */
export interface OutputOrigin {
  /** What the resource that has it was registered with. */
  readonly registered: pulumi.Inputs;
  /** Name of the output. */
  readonly output: string;
}

const origins = new WeakMap<object, OutputOrigin>();

/** Remembers whose outputs these are. @param registered what the resource was registered with: it has an output of each name */
export function noteOutputs(resource: object, registered: pulumi.Inputs): void {
  for (const output of Object.keys(registered)) {
    const value = (resource as Record<string, unknown>)[output];
    if (pulumi.Output.isInstance(value)) origins.set(value, { registered, output });
  }
}

/** The origin of the very output that a resource of this package has; undefined of anything else, also of what is made from one. */
export function originOf(value: unknown): OutputOrigin | undefined {
  return typeof value === "object" && value !== null ? origins.get(value) : undefined;
}
