import type { CharSet } from "./char-set.ts";
import type { Assertion, Syntax } from "./syntax.ts";

/** One instruction of a compiled expression; `next` and `other` are indexes into the program. */
export type Instruction =
  | { readonly op: "char"; readonly set: CharSet; readonly next: number }
  | { readonly op: "split"; readonly next: number; readonly other: number }
  | { readonly op: "assert"; readonly assertion: Assertion; readonly next: number }
  | { readonly op: "match" };

/** A non-deterministic automaton (Thompson's construction). */
export interface Program {
  readonly instructions: readonly Instruction[];
  readonly start: number;
  /** Whether positions matter: without assertions, equal sets of instructions are equal states. */
  readonly hasAssertions: boolean;
}

/** Compiles an expression that must match the whole text. The program's size is linear in the expression's. */
export function compileProgram(syntax: Syntax): Program {
  const instructions: Instruction[] = [{ op: "match" }];
  let hasAssertions = false;
  const add = (instruction: Instruction): number => instructions.push(instruction) - 1;

  // Built from the end to the start: `emit` returns where to begin so that success goes on at `next`.
  const emit = (node: Syntax, next: number): number => {
    switch (node.kind) {
      case "char":
        return add({ op: "char", set: node.set, next });
      case "seq":
        return node.items.reduceRight((following, item) => emit(item, following), next);
      case "alt":
        return node.items
          .map((item) => emit(item, next))
          .reduce((other, first) => add({ op: "split", next: first, other }));
      case "optional":
        return add({ op: "split", next: emit(node.item, next), other: next });
      case "star": {
        const loop = add({ op: "split", next, other: next });
        instructions[loop] = { op: "split", next: emit(node.item, loop), other: next };
        return loop;
      }
      case "assert":
        hasAssertions = true;
        return add({ op: "assert", assertion: node.assertion, next });
    }
  };
  const start = emit(syntax, 0);
  return { instructions, start, hasAssertions };
}
