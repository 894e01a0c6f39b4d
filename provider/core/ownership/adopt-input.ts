import { z } from "zod";

/** The input `adopt`, which every resource has. @param what that may exist already */
export function adopt(what: string) {
  return z
    .boolean()
    .default(false)
    .describe(
      `Take over ${what} that exists already, whoever made it, and bring it to what the program says. It belongs to this ` +
        "resource from then on, and is deleted with it. Only looked at when the resource is created. Default false.",
    );
}
