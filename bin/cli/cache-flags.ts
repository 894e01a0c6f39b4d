import { InvalidArgumentError } from "commander";
import type { BuildCacheSource, BuildCacheTarget } from "../../sdk/docker/index.ts";
import { readFields } from "./read-fields.ts";

/** Docker's own form: the name of an image, or `type=registry,ref=…`, `type=local,src=…`. */
export function appendCacheSource(value: string, previous: BuildCacheSource[] = []): BuildCacheSource[] {
  if (!value.includes("=")) return [...previous, value];
  const { type, ...fields } = Object.fromEntries(readFields(value));
  const known: Record<string, readonly string[]> = { registry: ["ref"], local: ["src", "tag", "digest"] };
  const unknown = Object.keys(fields).find((name) => !known[type ?? ""]?.includes(name));
  if (unknown !== undefined && known[type ?? ""])
    throw new InvalidArgumentError(`There is no ${JSON.stringify(unknown)} in a cache of the type ${type}.`);
  const { ref, src, ...which } = fields;
  if (type === "registry" && ref !== undefined) return [...previous, { type, ref }];
  if (type === "local" && src !== undefined) return [...previous, { type, src, ...which }];
  throw new InvalidArgumentError(
    "The cache comes from an image, from type=registry,ref=registry.example/cache, or from type=local,src=./cache.",
  );
}

/** As with Docker: `inline`, `type=registry,ref=…`, `type=local,dest=…`. */
export function appendCacheTarget(value: string, previous: BuildCacheTarget[] = []): BuildCacheTarget[] {
  const fields = readFields(value === "inline" ? "type=inline" : value);
  const { type, mode, ...rest } = Object.fromEntries(fields);
  if (type === "inline") return [...previous, "inline"];
  if (mode !== undefined && mode !== "min" && mode !== "max") throw new InvalidArgumentError("The mode is min or max.");
  const withMode: { mode?: "min" | "max" } = mode === undefined ? {} : { mode };
  if (type === "registry" && rest.ref !== undefined) {
    const { ref, ...attrs } = rest;
    return [...previous, { type, ref, ...withMode, attrs }];
  }
  if (type === "local" && rest.dest !== undefined) {
    const { dest, tag, ...attrs } = rest;
    return [...previous, { type, dest, ...withMode, ...(tag === undefined ? {} : { tag }), attrs }];
  }
  throw new InvalidArgumentError(
    "The cache goes to inline, to type=registry,ref=registry.example/cache, or to type=local,dest=./cache.",
  );
}
