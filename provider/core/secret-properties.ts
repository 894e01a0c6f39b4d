import type { z } from "zod";
import { isSecretSchema } from "../../sdk/secrets/index.ts";
import type { Controller } from "./controller.ts";

/** Inputs and outputs whose schema says that they are secret. */
export function secretProperties({ inputs, outputs }: Pick<Controller, "inputs" | "outputs">): string[] {
  return Object.entries({ ...inputs.shape, ...outputs.shape })
    .filter(([, schema]) => isSecretSchema(schema as z.ZodType))
    .map(([key]) => key);
}
