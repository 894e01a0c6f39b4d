import * as pulumi from "../classes/pulumi.ts";
import { formatPropertyPath, type PropertyPath } from "../core/property-path.ts";

/**
 * Paths of the arguments that the program marks as secret, sorted. A dynamic provider's methods are given plain values: by
 * these they know which ones must not show. Where nothing is secret there is no list, so that most states have none.
 */
export async function secretPaths(args: object): Promise<string[] | undefined> {
  const found: string[] = [];
  await collect(args, [], found);
  return found.length === 0 ? undefined : found.sort();
}

async function collect(value: unknown, path: PropertyPath, found: string[]): Promise<void> {
  // What fails here fails where it is registered, too, and is told there.
  const plain = value instanceof Promise ? await value.catch(() => undefined) : value;
  if (pulumi.Output.isInstance(plain)) {
    if (await isSecret(plain)) found.push(formatPropertyPath(path));
    return;
  }
  if (typeof plain !== "object" || plain === null || pulumi.Resource.isInstance(plain)) return;
  const members: [string | number, unknown][] = Array.isArray(plain)
    ? [...plain.entries()]
    : Object.entries(plain as Record<string, unknown>);
  await Promise.all(members.map(([step, member]) => collect(member, [...path, step], found)));
}

/** Also where the output fails: then nothing is registered. */
async function isSecret(output: pulumi.Output<unknown>): Promise<boolean> {
  try {
    return await pulumi.isSecret(output);
  } catch {
    return false;
  }
}
