import type { CacheStep } from "./cache-step.ts";
import { cleanPath } from "../context/ignore/go-path.ts";
import { UNTOLD, type Variables } from "./expand-word.ts";

/** What the instructions of a stage have set so far. */
export interface StageState {
  /** The last step; `undefined` on top of nothing. */
  last: CacheStep | undefined;
  /** Variables of the stage's own ENV and ARG, in the order in which they were last set. */
  env: Map<string, string>;
  /** Absolute, as far as it can be told. */
  cwd: string;
  user: string;
  /** The words of SHELL, as JSON. */
  shell: string;
  /** There is no image below, which could have set variables. */
  isOnNothing: boolean;
}

/** Text in place of what cannot be told; two are equal where both mean the same. */
export function untold(what: string): string {
  return `${UNTOLD}${what}${UNTOLD}`;
}

/** The state on top of an image. What that has set is not known. */
export function stateOnImage(image: CacheStep): StageState {
  return {
    last: image,
    env: new Map(),
    cwd: untold("WORKDIR"),
    user: untold("USER"),
    shell: untold("SHELL"),
    isOnNothing: false,
  };
}

/** The state on top of `scratch`. */
export function stateOnNothing(): StageState {
  return { last: undefined, env: new Map(), cwd: "/", user: "", shell: untold("SHELL"), isOnNothing: true };
}

/** The state on top of another stage. BuildKit hands on its ARGs too. */
export function stateOnStage(stage: StageState): StageState {
  return { ...stage, env: new Map(stage.env) };
}

export function setVariable(state: StageState, name: string, value: string): void {
  // The builder's list of variables is part of a command, and what is set again moves to its end.
  state.env.delete(name);
  state.env.set(name, value);
}

/** The variables that instructions of the stage see. */
export function variablesOf({ env, isOnNothing }: StageState): Variables {
  return {
    get: (name) => env.get(name) ?? (isOnNothing && name !== "PATH" ? undefined : untold(`$${name}`)),
    untold,
  };
}

/** A path of an instruction, seen from the working directory; a slash at its end is kept. */
export function resolvePath(cwd: string, path: string): string {
  // What begins with something unknown may be absolute.
  const whole = /^[/\0]/.test(path) ? path : `${cwd}/${path}`;
  const isFolder = path.endsWith("/") || path === "." || path === "";
  const clean = cleanPath(whole);
  return isFolder && clean !== "/" ? `${clean}/` : clean;
}
