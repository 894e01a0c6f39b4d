import type { Properties } from "../core/properties.ts";
import { isRecord, UNKNOWN } from "../core/unknown.ts";
import { WireValueError } from "../errors.ts";
import { isUnknownText, UNKNOWN_TEXT } from "./sentinels.ts";

/** Member that tells a value of a special kind from a plain object, and the kinds (`sdk/go/common/resource/sig`). */
export const SIGNATURE = "4dabf18193072939515e22adb298388d";
export const SECRET = "1b47061264138c4ac30d75fd1eb44270";
export const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";
const BYTES = "803fd3297a5875dc03ca845dda5d2a98";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";

/** Where in a property bag the secrets are, as JSON texts of their paths. */
export type SecretPaths = ReadonlySet<string>;

/** A property bag without its wire form. */
export interface DecodedProperties {
  values: Properties;
  secrets: SecretPaths;
}

/**
 * Takes the wire form off: secrets become plain values whose places are remembered, unknown texts become `UNKNOWN`,
 * output values what they hold.
 *
 * @throws WireValueError on assets and archives, which no property here takes
 */
export function decodeProperties(wire: Properties | undefined): DecodedProperties {
  const secrets = new Set<string>();
  const decode = (value: unknown, path: (string | number)[]): unknown => {
    if (isUnknownText(value)) return UNKNOWN;
    if (Array.isArray(value)) return value.map((member, index) => decode(member, [...path, index]));
    if (!isRecord(value)) return value;
    switch (value[SIGNATURE]) {
      case undefined:
        return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, decode(member, [...path, key])]));
      case SECRET:
        secrets.add(JSON.stringify(path));
        return decode(value.value, path);
      case OUTPUT:
        if (value.secret === true) secrets.add(JSON.stringify(path));
        return value.value === undefined ? UNKNOWN : decode(value.value, path);
      case RESOURCE:
        // A whole resource given where a reference is meant: its ID is one.
        return typeof value.id === "string" && value.id !== "" ? decode(value.id, path) : UNKNOWN;
      case ASSET:
      case ARCHIVE:
        throw new WireValueError(`an asset or archive (property ${path.join(".")})`);
      case BYTES:
        throw new WireValueError(`text that is not UTF-8 (property ${path.join(".")})`);
      default:
        throw new WireValueError(`a value of an unknown kind (property ${path.join(".")})`);
    }
  };
  return { values: decode(wire ?? {}, []) as Properties, secrets };
}

/**
 * Puts the wire form on.
 *
 * @param secrets places to mark as secret; those that the values do not have are passed over
 * @param secretTexts texts to mark as secret wherever they are: a refresh may bring a list in another order
 */
export function encodeProperties(
  values: Properties,
  secrets: SecretPaths = new Set(),
  secretTexts: ReadonlySet<string> = new Set(),
): Properties {
  const encode = (value: unknown, path: (string | number)[], hidden: boolean): unknown => {
    // What lies inside a secret is secret already.
    const secret =
      !hidden && (secrets.has(JSON.stringify(path)) || (typeof value === "string" && secretTexts.has(value)));
    const plain = encodePlain(value, path, hidden || secret);
    return secret ? { [SIGNATURE]: SECRET, value: plain } : plain;
  };
  const encodePlain = (value: unknown, path: (string | number)[], hidden: boolean): unknown => {
    if (value === UNKNOWN) return UNKNOWN_TEXT;
    if (Array.isArray(value)) return value.map((member, index) => encode(member, [...path, index], hidden));
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => [key, encode(member, [...path, key], hidden)]),
    );
  };
  return encodePlain(values, [], false) as Properties;
}

/** Places of several bags, and top-level properties that are secret whatever they hold. */
export function joinSecrets(always: readonly string[], ...bags: readonly SecretPaths[]): SecretPaths {
  return new Set([...always.map((key) => JSON.stringify([key])), ...bags.flatMap((bag) => [...bag])]);
}
