/** Steps from a property bag to a value in it. */
export type PropertyPath = readonly (string | number)[];

const PLAIN = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** Prints a path as the engine writes it: `env.NODE_ENV`, `tags[0]`, `contextFiles["a b.py"]`. */
export function formatPropertyPath(path: PropertyPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!PLAIN.test(step)) return `${text}["${step.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

/** Reads a path that `formatPropertyPath` has printed. */
export function parsePropertyPath(text: string): PropertyPath {
  const steps = text.match(/\["(?:\\.|[^"\\])*"\]|\[\d+\]|[^.[\]]+/g) ?? [];
  return steps.map((step) => {
    const quoted = /^\["((?:\\.|[^"\\])*)"\]$/.exec(step)?.[1];
    if (quoted !== undefined) return quoted.replaceAll(/\\(.)/g, "$1");
    const index = /^\[(\d+)\]$/.exec(step)?.[1];
    return index === undefined ? step : Number(index);
  });
}

/** Is the path one of the places, or a member of one? */
export function liesIn(path: PropertyPath, places: readonly PropertyPath[]): boolean {
  return places.some((place) => place.every((step, index) => step === path[index]));
}
