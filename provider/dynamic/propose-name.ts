import { createHash } from "node:crypto";
import * as pulumi from "../classes/pulumi.ts";
import type { Naming } from "../core/autoname.ts";
import type { Mark } from "../core/ownership/mark.ts";

/** The stack's setting `pulumi:autonaming`, as far as it can be about these resources. */
interface AutonamingSetting {
  mode?: string;
  pattern?: string;
  enforce?: boolean;
  providers?: Record<string, AutonamingSetting & { resources?: Record<string, AutonamingSetting> }>;
}

/** Where the program runs. */
export interface Place {
  organization: string;
  project: string;
  stack: string;
}

/** The alphabets of the expressions that make random characters: `${hex(7)}`. */
const ALPHABETS: Readonly<Record<string, string>> = {
  hex: "0123456789abcdef",
  alphanum: "0123456789abcdefghijklmnopqrstuvwxyz",
  string: "abcdefghijklmnopqrstuvwxyz",
  num: "0123456789",
};

/**
 * How the resource is to be named if the program does not: what the engine tells a plugin, and does not tell a dynamic
 * provider. Random parts come from the resource's mark, so that they are the same in a preview and in the update.
 */
export function proposeName(type: string, resource: string, mark: Mark, place: Place): Naming {
  const setting = settingFor(type);
  const enforced = setting.enforce === true ? "enforce" : "propose";
  const named = (pattern: string): Naming => ({
    resource,
    mode: enforced,
    proposed: expand(pattern, { ...place, name: resource, mark }),
    seed: mark,
  });
  if (setting.mode === "disabled") return { resource, mode: "disable", seed: mark };
  if (setting.mode === "verbatim") return named("${name}");
  return setting.pattern === undefined ? { resource, mode: "propose", seed: mark } : named(setting.pattern);
}

/** The nearest setting counts: that of the type, of the provider, of the stack. */
function settingFor(type: string): AutonamingSetting {
  const stack = new pulumi.Config("pulumi").getObject<AutonamingSetting>("autonaming") ?? {};
  const provider = stack.providers?.nullspace;
  return provider?.resources?.[`nullspace:index:${type}`] ?? (hasSetting(provider) ? provider : stack);
}

function hasSetting(setting: AutonamingSetting | undefined): setting is AutonamingSetting {
  return setting?.mode !== undefined || setting?.pattern !== undefined;
}

function expand(pattern: string, values: Place & { name: string; mark: Mark }): string {
  let position = 0;
  return pattern.replaceAll(/\$\{([^}]*)\}/g, (whole, expression: string) => {
    const [, kind, count] = /^(hex|alphanum|string|num)\((\d+)\)$/.exec(expression) ?? [];
    if (kind !== undefined) return characters(ALPHABETS[kind]!, Number(count), `${values.mark} ${position++}`);
    if (expression === "uuid") return uuid(`${values.mark} ${position++}`);
    if (expression.startsWith("config.")) return configured(expression.slice("config.".length)) ?? whole;
    const known: Readonly<Record<string, string>> = { ...values };
    return expression !== "mark" && Object.hasOwn(known, expression) ? known[expression]! : whole;
  });
}

function configured(key: string): string | undefined {
  const colon = key.indexOf(":");
  return colon < 0 ? new pulumi.Config().get(key) : new pulumi.Config(key.slice(0, colon)).get(key.slice(colon + 1));
}

function characters(alphabet: string, count: number, seed: string): string {
  const bytes = createHash("shake256", { outputLength: Math.max(count, 1) })
    .update(seed)
    .digest();
  return [...bytes.subarray(0, count)].map((byte) => alphabet[byte % alphabet.length]).join("");
}

function uuid(seed: string): string {
  const digits = createHash("sha256").update(seed).digest("hex");
  return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-4$3-a$4-$5");
}
