import type { Properties } from "../properties.ts";
import { sameValue } from "../property-diff.ts";

/** Inputs that a build is given and that nothing of it tells. */
export const SECRET_INPUTS = ["buildSecrets", "registryAuth"] as const;

/** Whether other secrets are a reason to build again: the new inputs ask for that. */
export function secretsAskForBuild(olds: Properties, news: Properties): boolean {
  if (news.rebuildOnSecretChange !== true) return false;
  return SECRET_INPUTS.some((key) => !sameValue(olds[key] ?? undefined, news[key] ?? undefined));
}
