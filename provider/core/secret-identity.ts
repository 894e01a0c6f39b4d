import type { z } from "zod";
import { isIdentity } from "./input-facts.ts";
import type { Controller } from "./controller.ts";
import type { OperationContext } from "./operation-context.ts";

/**
 * A controller that says so when the program marks as secret what an ID is made of. An ID cannot be secret: the engine keeps
 * and shows it as it is.
 */
export function withIdentityWarning(controller: Controller): Controller {
  const schemas = controller.inputs.shape as Record<string, z.ZodType>;
  return {
    ...controller,
    async check(request, context) {
      const names = context.secretInputs.map(([key]) => key).filter((key) => isIdentity(schemas[key!]));
      if (names.length > 0 && isFirst(context)) {
        context.log(
          "warning",
          `${names.join(", ")}: the value is marked as secret and cannot be kept so: it is part of the resource's ID, which ` +
            "Pulumi keeps and shows in clear",
        );
      }
      return controller.check(request, context);
    },
  };
}

/** Once in a preview and once in an update, though Check runs several times in each. */
function isFirst({ declared, mark }: OperationContext): boolean {
  return declared.isFirst(mark, "secret identity");
}
