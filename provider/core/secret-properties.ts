import type { Controller } from "./controller.ts";

/** Inputs and outputs whose schema says that they are secret. */
export function secretProperties({ inputs, outputs }: Pick<Controller, "inputs" | "outputs">): string[] {
  return Object.entries({ ...inputs.shape, ...outputs.shape })
    .filter(([, schema]) => (schema as { meta(): { secret?: unknown } | undefined }).meta()?.secret === true)
    .map(([key]) => key);
}
