import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { DockerOptionError, ImageRefError } from "../../../sdk/docker/index.ts";
import { InvalidArgumentError, TemplateRefError } from "../../../sdk/index.ts";
import { publicCalls, type Argument, type Kind, type PublicCall } from "./public-calls.ts";

/** Errors that say of an argument that it cannot be used. */
const REFUSALS = [InvalidArgumentError, DockerOptionError, TemplateRefError, ImageRefError];

class Thing {
  readonly member = 1;
}
const WRONG: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  number: 5.5,
  "not a number": Number.NaN,
  true: true,
  symbol: Symbol("s"),
  bigint: 5n,
  text: "text",
  "empty text": "",
  "empty object": {},
  "object without a prototype": Object.create(null),
  "object of a class": new Thing(),
  list: [5],
  function: () => {},
};
/** Which of them are right for a kind of argument, or may be. */
const RIGHT: Readonly<Record<Kind, readonly string[]>> = {
  text: ["text", "empty text"],
  options: ["empty object", "object without a prototype"],
  object: ["empty object", "object without a prototype", "object of a class", "list"],
  list: [],
  words: ["text"],
  number: ["number"],
  size: ["text", "empty text", "number"],
  flag: ["true"],
  callback: ["function"],
  signal: [],
};

const { calls, unknown, gone } = publicCalls();

it("every public call is swept, and none that is no more", () => {
  expect({ unknown, gone }).toEqual({ unknown: [], gone: [] });
  expect(calls.length).toBeGreaterThan(150);
});

describe("a public call refuses what its arguments cannot be, in an error of ours:", () => {
  it.each(calls.filter((call) => call.arguments.length > 0))("$name", async (call) => {
    const taken: string[] = [];
    for (const [index, [argument]] of call.arguments.entries()) {
      for (const [what, value] of Object.entries(WRONG)) {
        if (isRight(argument, what)) continue;
        const outcome = await outcomeOf(call, index, value);
        if (outcome !== "refused") taken.push(`argument ${index + 1}, given ${what}: ${outcome}`);
      }
    }
    expect(taken).toEqual([]);
  });
});

describe("a public call refuses options that it does not have, and wrong values of those that it has:", () => {
  it.each(calls.filter((call) => call.arguments.some(([kind]) => kind.startsWith("options"))))(
    "$name",
    async (call) => {
      const taken: string[] = [];
      for (const [index, [kind, right]] of call.arguments.entries()) {
        if (!kind.startsWith("options")) continue;
        const error = await errorOf(call, index, { ...(right as object), zzzzzzzzzzzzzzzzzzzz: 1 });
        if (!isRefusal(error)) taken.push(`an unknown option: ${inspect(error)}`);
        for (const name of /the options are (.*?)\.?$/.exec((error as Error).message)?.[1]?.split(", ") ?? []) {
          const outcome = await outcomeOf(call, index, { ...(right as object), [name]: Symbol("wrong") });
          if (outcome !== "refused") taken.push(`option ${name}: ${outcome}`);
        }
      }
      expect(taken).toEqual([]);
    },
  );
});

function isRight(argument: Argument, what: string): boolean {
  const kind = argument.replace("?", "") as Kind;
  return RIGHT[kind].includes(what) || (argument.endsWith("?") && what === "undefined");
}

async function outcomeOf(call: PublicCall, index: number, value: unknown): Promise<string> {
  const error = await errorOf(call, index, value);
  return isRefusal(error) ? "refused" : error === undefined ? "taken silently" : inspect(error);
}

function isRefusal(error: unknown): boolean {
  return REFUSALS.some((Refusal) => error instanceof Refusal);
}

/** Makes the call with one argument exchanged, and follows what it gives to its end. */
async function errorOf({ call, arguments: args }: PublicCall, index: number, value: unknown): Promise<unknown> {
  const given = args.map(([, right], at) => (at === index ? value : right));
  try {
    const answer = await (call as (...args: unknown[]) => unknown)(...given);
    if (isIterator(answer)) await answer.next();
    return undefined;
  } catch (error) {
    return error;
  }
}

function isIterator(value: unknown): value is AsyncIterator<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value && "next" in value;
}
