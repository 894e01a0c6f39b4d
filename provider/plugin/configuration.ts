import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import type { CheckFailure, Properties } from "../core/properties.ts";
import { nearestName } from "../core/nearest-name.ts";
import { UNKNOWN } from "../core/unknown.ts";
import type { StatusError } from "../values/status-detail.ts";
import { missingKey } from "./status-errors.ts";

const { DiffResponse, PropertyDiff } = providerProto;

/** Members that the engine and the SDKs put among a provider's inputs. */
const ENGINE_MEMBERS = new Set(["version", "pluginDownloadURL", "parameterization"]);
const KEYS = ["apiKey", "apiUrl"] as const;

/** What of the provider's inputs is wrong. Nothing is filled in: what comes from the environment stays there. */
export function checkConfig(inputs: Properties): CheckFailure[] {
  const failures: CheckFailure[] = [];
  for (const [key, value] of Object.entries(inputs)) {
    if (key.startsWith("__") || ENGINE_MEMBERS.has(key)) continue;
    if (!(KEYS as readonly string[]).includes(key)) {
      const near = nearestName(key, KEYS);
      const hint = near === undefined ? `it has ${KEYS.join(" and ")}` : `did you mean "${near}"?`;
      failures.push({ property: key, reason: `the provider has no setting "${key}": ${hint}` });
    } else if (value !== UNKNOWN && value !== null && typeof value !== "string") {
      failures.push({ property: key, reason: "must be text" });
    } else if (key === "apiUrl" && typeof value === "string" && value !== "" && !isHttpUrl(value)) {
      failures.push({ property: key, reason: "must be an address such as http://localhost:3000" });
    }
  }
  return failures;
}

/**
 * What a change of the provider's inputs means for its resources: never a replacement. Another address may be another
 * name of the same service; where it is not, each resource says so and is left alone. The version never matters.
 */
export function diffConfig(olds: Properties, news: Properties) {
  const response = new DiffResponse();
  response.setHasdetaileddiff(true);
  for (const key of KEYS) {
    const before = olds[key] ?? undefined;
    const after = news[key] ?? undefined;
    if (before === after && before !== UNKNOWN) continue;
    const property = new PropertyDiff();
    const { Kind } = PropertyDiff;
    property.setKind(before === undefined ? Kind.ADD : after === undefined ? Kind.DELETE : Kind.UPDATE);
    property.setInputdiff(true);
    response.getDetaileddiffMap().set(key, property);
    response.addDiffs(key);
  }
  const changed = response.getDiffsList().length > 0;
  response.setChanges(changed ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE);
  return response;
}

/** The settings that are given; blank ones count as not given. */
export function pickConfig(args: Properties): { apiKey?: string; apiUrl?: string } {
  return Object.fromEntries(
    KEYS.filter((key) => typeof args[key] === "string" && args[key] !== "").map((key) => [key, args[key]]),
  );
}

/** No key in the configuration, in the environment or in the config files. */
export function missingApiKey(): StatusError {
  return missingKey(
    "nullspace:apiKey",
    "API key of the Nullspace service (add --secret; or set NULLSPACE_API_KEY in the environment). " +
      "A local service prints its key when it starts: nullspace-local serve",
  );
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}
