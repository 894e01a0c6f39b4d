import { expect, it } from "vitest";
import * as context from "../../../sdk/context/index.ts";
import * as docker from "../../../sdk/docker/index.ts";
import * as sdk from "../../../sdk/index.ts";

const { ApiError, NotFoundError, NullspaceError } = sdk;

it("every error class that is exported has a mark of its own name", () => {
  const exported = Object.entries<unknown>({ ...sdk, ...docker, ...context });
  const classes = exported.filter((entry): entry is [string, typeof Error] => {
    return typeof entry[1] === "function" && entry[1].prototype instanceof Error;
  });
  expect(classes.length).toBeGreaterThan(40);
  for (const [name, Class] of classes) {
    expect(Object.hasOwn(Class.prototype, Symbol.for(`pulumi-nullspace.error.${name}`)), name).toBe(true);
  }
});

it("an error is an instance of the same class of another copy, and of no other", () => {
  const other = class NotFoundError extends Error {};
  Object.defineProperty(other.prototype, Symbol.for("pulumi-nullspace.error.NotFoundError"), { value: true });
  Object.defineProperty(other.prototype, Symbol.for("pulumi-nullspace.error.ApiError"), { value: true });
  const error: unknown = new other("from another copy");
  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).not.toBeInstanceOf(NullspaceError);
});

it("a class of the user's own that extends one of ours goes by its prototype", () => {
  class Mine extends ApiError {}
  expect(new Mine("m", { code: "c" })).toBeInstanceOf(Mine);
  expect(new Mine("m", { code: "c" })).toBeInstanceOf(ApiError);
  expect(new ApiError("m", { code: "c" })).not.toBeInstanceOf(Mine);
  for (const value of [undefined, null, 5, "text", {}]) expect(value).not.toBeInstanceOf(ApiError);
});
