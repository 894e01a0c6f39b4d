import * as pulumi from "../classes/pulumi.ts";
import { formatPropertyPath, type PropertyPath } from "../core/property-path.ts";
import { textDigest } from "./text-digest.ts";

/** What a dynamic provider's methods, which are given plain values, need to know of the program's arguments. */
export interface ArgumentFacts {
  /**
   * Paths of the arguments that the program marks as secret, sorted: by these the methods know which ones must not show.
   * Where nothing is secret there is no list, so that most states have none.
   */
  readonly secretPaths: readonly string[] | undefined;
  /** Digests (`textDigest`) of the texts that the program gives in clear, sorted: of what is secret there is none. */
  readonly givenTexts: readonly string[];
}

/**
 * Reads the arguments of a resource, once for all that is asked of them.
 *
 * @param secrets arguments that are secret whatever they hold
 */
export async function readArguments(args: object, secrets: readonly string[]): Promise<ArgumentFacts> {
  const reader = new ArgumentReader(secrets);
  await reader.read(args, []);
  const { secretPaths, givenTexts } = reader;
  return {
    secretPaths: secretPaths.length === 0 ? undefined : secretPaths.sort(),
    givenTexts: givenTexts.sort(),
  };
}

class ArgumentReader {
  readonly secretPaths: string[] = [];
  readonly givenTexts: string[] = [];
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  async read(value: unknown, path: PropertyPath): Promise<void> {
    const plain = await this.#settle(value, path);
    if (typeof plain === "string" && !this.#secrets.includes(String(path[0]))) {
      this.givenTexts.push(textDigest(path, plain));
    }
    if (typeof plain !== "object" || plain === null || pulumi.Resource.isInstance(plain)) return;
    const members: [string | number, unknown][] = Array.isArray(plain)
      ? [...plain.entries()]
      : Object.entries(plain as Record<string, unknown>);
    await Promise.all(members.map(([step, member]) => this.read(member, [...path, step])));
  }

  /**
   * What an argument is in the end, as the SDK itself asks for it when it registers a resource; nothing of one that is
   * secret, not known yet, or fails: that is told where it is registered.
   */
  async #settle(value: unknown, path: PropertyPath): Promise<unknown> {
    try {
      const plain = await value;
      if (!pulumi.Output.isInstance(plain)) return plain;
      if (await pulumi.isSecret(plain)) return void this.secretPaths.push(formatPropertyPath(path));
      return await (plain as unknown as { promise(): Promise<unknown> }).promise();
    } catch {
      return undefined;
    }
  }
}
