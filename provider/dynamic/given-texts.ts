import { createHash } from "node:crypto";
import * as pulumi from "../classes/pulumi.ts";
import { formatPropertyPath, type PropertyPath } from "../core/property-path.ts";

const DIGITS = 16;

/**
 * What stands for a text at its place: 16 hex digits. By these the provider's process sees which texts come from the
 * program itself, and which from a transform, without getting them all twice.
 */
export function textDigest(path: PropertyPath, text: string): string {
  return createHash("sha256")
    .update(`${formatPropertyPath(path)}\0${text}`)
    .digest("hex")
    .slice(0, DIGITS);
}

/**
 * Digests of the texts that the program gives in clear, sorted: of what is secret there is none.
 *
 * @param secrets arguments that are secret whatever they hold
 */
export async function givenTexts(args: object, secrets: readonly string[]): Promise<string[]> {
  const plain = Object.entries(args).filter(([name]) => !secrets.includes(name));
  const digests: string[] = [];
  await collect(Object.fromEntries(plain), [], digests);
  return digests.sort();
}

async function collect(value: unknown, path: PropertyPath, digests: string[]): Promise<void> {
  const plain = await settled(value);
  if (typeof plain === "string") digests.push(textDigest(path, plain));
  if (typeof plain !== "object" || plain === null || pulumi.Resource.isInstance(plain)) return;
  const members: [string | number, unknown][] = Array.isArray(plain) ? [...plain.entries()] : Object.entries(plain);
  await Promise.all(members.map(([step, member]) => collect(member, [...path, step], digests)));
}

/**
 * What an argument is in the end, as the SDK itself asks for it when it registers a resource; nothing of one that is secret,
 * not known yet, or fails, which is told where it counts.
 */
async function settled(value: unknown): Promise<unknown> {
  try {
    const plain = await value;
    if (!pulumi.Output.isInstance(plain)) return plain;
    if (await pulumi.isSecret(plain)) return undefined;
    return await (plain as unknown as { promise(): Promise<unknown> }).promise();
  } catch {
    return undefined;
  }
}
