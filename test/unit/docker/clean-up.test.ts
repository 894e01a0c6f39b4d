import { expect, it } from "vitest";
import { CleanUp } from "../../../sdk/docker/clean-up.ts";

it("undoes the latest first, each once, and waits for it", async () => {
  const seen: string[] = [];
  const cleanUp = new CleanUp();
  cleanUp.defer(() => void seen.push("first"));
  cleanUp.use({ [Symbol.dispose]: () => void seen.push("second") });
  cleanUp.use({
    [Symbol.asyncDispose]: async () => {
      await Promise.resolve();
      seen.push("third");
    },
  });
  await cleanUp[Symbol.asyncDispose]();
  await cleanUp[Symbol.asyncDispose]();
  expect(seen).toEqual(["third", "second", "first"]);
  expect(() => cleanUp.defer(() => {})).toThrow(ReferenceError);
});

it("takes all steps when one fails, and throws what it threw", async () => {
  const seen: string[] = [];
  const cleanUp = new CleanUp();
  cleanUp.defer(() => void seen.push("first"));
  cleanUp.defer(() => Promise.reject(new Error("no")));
  await expect(cleanUp[Symbol.asyncDispose]()).rejects.toThrow("no");
  expect(seen).toEqual(["first"]);

  const twice = new CleanUp();
  for (const text of ["a", "b"]) twice.defer(() => Promise.reject(new Error(text)));
  await expect(twice[Symbol.asyncDispose]()).rejects.toMatchObject({ errors: [{ message: "b" }, { message: "a" }] });
});
