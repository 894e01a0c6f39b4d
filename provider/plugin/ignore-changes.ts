import { formatPropertyPath, type PropertyPath } from "../core/property-path.ts";

/** Is the property, or one that it lies in, named by the resource option `ignoreChanges`? `*` stands for any one step. */
export function ignores(ignored: readonly string[], path: PropertyPath): boolean {
  const steps = path.map((step) => formatPropertyPath([step]));
  return ignored.some((text) => {
    const pattern = splitPath(text);
    return (
      pattern.length <= steps.length &&
      pattern.every((step, index) => step === "*" || step === "[*]" || step === steps[index])
    );
  });
}

/** `env.NODE_ENV`, `tags[0]` and `contextFiles["a b"]` in their steps, each written as `formatPropertyPath` writes it alone. */
function splitPath(text: string): string[] {
  const steps = text.match(/\["(?:\\.|[^"\\])*"\]|\[(?:\d+|\*)\]|[^.[\]]+/g) ?? [];
  return steps.map((step) => {
    const quoted = /^\["((?:\\.|[^"\\])*)"\]$/.exec(step)?.[1];
    if (quoted !== undefined) return formatPropertyPath([quoted.replaceAll(/\\(.)/g, "$1")]);
    return step;
  });
}
