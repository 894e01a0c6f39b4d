import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import type { CheckFailure, Properties } from "../core/properties.ts";
import { nearestName } from "../../sdk/arguments/index.ts";
import { ProviderConfig, readSetting, SETTINGS } from "../core/provider-config.ts";
import { checkInputs } from "../core/check-inputs.ts";
import { UNKNOWN } from "../core/unknown.ts";
import type { StatusError } from "../values/status-detail.ts";
import { missingKey } from "./status-errors.ts";

const { DiffResponse, PropertyDiff } = providerProto;

/** Members that the engine and the SDKs put among a provider's inputs. */
const ENGINE_MEMBERS = new Set(["version", "pluginDownloadURL", "parameterization"]);

/** What of the provider's inputs is wrong. Nothing is filled in: what comes from the environment stays there. */
export function checkConfig(inputs: Properties): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const settings: Properties = {};
  for (const [key, value] of Object.entries(inputs)) {
    if (key.startsWith("__") || ENGINE_MEMBERS.has(key)) continue;
    const setting = SETTINGS.find((name) => name === key);
    if (setting !== undefined) settings[key] = readSetting(setting, value);
    else {
      const near = nearestName(key, SETTINGS);
      const hint = near === undefined ? `it has ${SETTINGS.join(", ")}` : `did you mean "${near}"?`;
      failures.push({ property: key, reason: `the provider has no setting "${key}": ${hint}` });
    }
  }
  return [...failures, ...checkInputs(ProviderConfig, settings).failures];
}

/**
 * What a change of the provider's inputs means for its resources: never a replacement. Another address may be another
 * name of the same service; where it is not, each resource says so and is left alone. The version never matters.
 */
export function diffConfig(olds: Properties, news: Properties) {
  const response = new DiffResponse();
  response.setHasdetaileddiff(true);
  for (const key of SETTINGS) {
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

/** The settings that are given; blank ones count as not given, and what does not fit has been refused by CheckConfig. */
export function pickConfig(args: Properties): ProviderConfig {
  const given = SETTINGS.map((key) => [key, readSetting(key, args[key])] as const);
  return Object.fromEntries(
    given.filter(([key, value]) => ProviderConfig.shape[key].safeParse(value).data !== undefined),
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
