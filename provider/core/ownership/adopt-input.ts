import * as z from "zod";

/** The input `adopt`, which every resource has. @param what that may exist already */
export function adopt(what: string) {
  return z
    .boolean()
    .default(false)
    .describe(
      `Take over ${what} that exists already, whoever created it, and change it to what the program says. From then on it ` +
        "belongs to this resource, and is deleted with it. Only used when the resource is created. Default false.",
    );
}
