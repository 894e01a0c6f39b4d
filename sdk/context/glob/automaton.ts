import type { Assertion, Syntax } from "./syntax.ts";
import { compileProgram, type Program } from "./program.ts";

/** States kept per automaton. Above it the cache starts again: memory stays bounded, time stays linear. */
const MAX_CACHED_STATES = 256;
const ASCII = 128;
const END = -1;

/** What stands before the current position. */
type Before = "start" | "word" | "other";

/** A state of the deterministic automaton: where the expression can be after the text read so far. */
export interface State {
  /** No continuation can match any more. */
  readonly isDead: boolean;
  /** The text read so far matches as a whole. */
  readonly isAccepting: boolean;
}

class CachedState implements State {
  readonly isDead: boolean;
  readonly isAccepting: boolean;
  readonly ascii: (CachedState | undefined)[] = new Array<CachedState | undefined>(ASCII);
  readonly pending: readonly number[];
  readonly before: Before;

  constructor(pending: readonly number[], before: Before, isAccepting: boolean) {
    this.pending = pending;
    this.before = before;
    this.isDead = pending.length === 0;
    this.isAccepting = isAccepting;
  }
}

/**
 * Matches text against one expression, a deterministic automaton built while it runs. A state can be kept and resumed, so
 * the text of a directory is read once for all its entries.
 */
export class Automaton {
  readonly start: State;
  readonly #program: Program;
  #cache = new Map<string, CachedState>();

  constructor(syntax: Syntax) {
    this.#program = compileProgram(syntax);
    this.start = this.#state([this.#program.start], "start");
  }

  /** Whether the whole of `text` matches. */
  matches(text: string): boolean {
    return this.advance(this.start, text).isAccepting;
  }

  /** The state after `text`, read from `from` on. */
  advance(from: State, text: string): State {
    let state = from as CachedState;
    for (let i = 0; i < text.length && !state.isDead; i++) {
      const unit = text.charCodeAt(i);
      if (unit < ASCII) {
        state = state.ascii[unit] ??= this.#step(state, unit);
      } else {
        const codePoint = text.codePointAt(i)!;
        if (codePoint > 0xffff) i++;
        state = this.#step(state, codePoint);
      }
    }
    return state;
  }

  #step(state: CachedState, codePoint: number): CachedState {
    const { instructions } = this.#program;
    const next = new Set<number>();
    for (const index of this.#reach(state.pending, state.before, codePoint)) {
      const instruction = instructions[index]!;
      if (instruction.op === "char" && instruction.set.has(codePoint)) next.add(instruction.next);
    }
    return this.#state(
      [...next].sort((a, b) => a - b),
      isWord(codePoint) ? "word" : "other",
    );
  }

  #state(pending: readonly number[], before: Before): CachedState {
    // Without assertions what stands before makes no difference; folding it in would only split equal states.
    const context: Before = this.#program.hasAssertions ? before : "other";
    const key = `${context}:${pending.join(",")}`;
    const known = this.#cache.get(key);
    if (known) return known;
    if (this.#cache.size >= MAX_CACHED_STATES) this.#cache = new Map();
    const { instructions } = this.#program;
    const accepting = this.#reach(pending, before, END).some((index) => instructions[index]!.op === "match");
    const state = new CachedState(pending, context, accepting);
    this.#cache.set(key, state);
    return state;
  }

  /** Every instruction reachable from `pending` without reading, given what stands before and after this position. */
  #reach(pending: readonly number[], before: Before, after: number): number[] {
    const { instructions } = this.#program;
    const seen = new Set<number>(pending);
    const reached: number[] = [];
    const stack = [...pending];
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      const instruction = instructions[index]!;
      const targets: number[] = [];
      if (instruction.op === "split") targets.push(instruction.next, instruction.other);
      else if (instruction.op === "assert") {
        if (holds(instruction.assertion, before, after)) targets.push(instruction.next);
      } else reached.push(index);
      for (const target of targets) {
        if (seen.has(target)) continue;
        seen.add(target);
        stack.push(target);
      }
    }
    return reached;
  }
}

function holds(assertion: Assertion, before: Before, after: number): boolean {
  switch (assertion) {
    case "start":
      return before === "start";
    case "end":
      return after === END;
    case "word-boundary":
      return (before === "word") !== isWord(after);
    case "no-word-boundary":
      return (before === "word") === isWord(after);
  }
}

/** ASCII word characters, as Go's `\b` counts them. */
function isWord(codePoint: number): boolean {
  return (
    (codePoint >= 0x30 && codePoint <= 0x39) ||
    (codePoint >= 0x41 && codePoint <= 0x5a) ||
    codePoint === 0x5f ||
    (codePoint >= 0x61 && codePoint <= 0x7a)
  );
}
