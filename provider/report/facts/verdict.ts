import { isMove } from "./tag-facts.ts";
import type { Action, AliasFact, Emptiness, StackReport, TagFact, TemplateFact } from "./report.ts";

type Facts = Omit<StackReport, "title" | "verdict">;
/** What is said of one thing, of several, and of what may happen to either. */
type Verb = readonly [one: string, several: string, maybe: string];

const TEMPLATES: Readonly<Record<Action, Verb>> = {
  create: ["is new", "are new", "may be new"],
  rebuild: ["gets a new build", "get a new build", "may get a new build"],
  replace: ["is replaced", "are replaced", "may be replaced"],
  delete: ["is deleted", "are deleted", "may be deleted"],
  retain: ["is retained", "are retained", "may be retained"],
  import: ["is imported", "are imported", "may be imported"],
  update: ["is updated without a build", "are updated without a build", "may be updated without a build"],
};

const OTHERS: Readonly<Record<Action, Verb>> = {
  ...TEMPLATES,
  update: ["is updated", "are updated", "may be updated"],
};

/** The whole in a line, without a word of a user's. */
export function verdictOf(stacks: readonly Facts[]): string {
  const warnings = stacks.reduce((sum, stack) => sum + stack.warnings.length, 0);
  const errors = stacks.reduce((sum, stack) => sum + stack.errors.length, 0);
  const failed = stacks.filter((stack) => stack.failed).length;
  const more = warnings === 0 ? "" : ` There ${warnings === 1 ? "is" : "are"} ${count(warnings, "warning")}.`;
  if (failed === 0) return changeVerdict(stacks) + more;
  const whose = stacks.length === 1 ? "The preview" : `${failed} of ${stacks.length} previews`;
  return `${whose} failed, with ${count(errors, "error")}: more may change than is shown here.${more}`;
}

function changeVerdict(stacks: readonly Facts[]): string {
  const parts = [
    ...ofEach(stacks, "templates", "template", TEMPLATES),
    ...tagClauses(stacks.flatMap((stack) => stack.tags)),
    ...poolClauses(stacks.flatMap((stack) => stack.pools)),
    ...ofEach(stacks, "aliases", "alias", OTHERS),
  ];
  if (parts.length > 0)
    return `${parts.length < 2 ? parts[0] : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`}.`;
  return stacks.every((stack) => stack.others.length === 0) ? "Nothing changes." : "Nothing of Nullspace changes.";
}

/** What is counted: it happens, or may happen. */
type Counted = readonly { readonly certain: boolean }[];

function ofEach(
  stacks: readonly Facts[],
  kind: "templates" | "aliases",
  noun: string,
  verbs: Readonly<Record<Action, Verb>>,
): string[] {
  const all = stacks.flatMap((stack): readonly (TemplateFact | AliasFact)[] => stack[kind]);
  return byAction(all, noun, verbs);
}

function byAction(
  facts: readonly { action: string; certain: boolean }[],
  noun: string,
  verbs: Readonly<Record<Action, Verb>>,
): string[] {
  const actions = Object.keys(verbs) as Action[];
  return actions.flatMap((action) =>
    clauses(
      facts.filter((fact) => fact.action === action),
      noun,
      verbs[action],
    ),
  );
}

function tagClauses(tags: readonly TagFact[]): string[] {
  return [
    ...clauses(tags.filter(isMove), "tag", ["moves", "move", "may move"]),
    ...clauses(
      tags.filter(({ from }) => from === null),
      "tag",
      ["is new", "are new", "may be new"],
    ),
    ...clauses(
      tags.filter(({ to }) => to === null),
      "tag",
      ["is removed", "are removed", "may be removed"],
    ),
  ];
}

function poolClauses(pools: StackReport["pools"]): string[] {
  const rolling = pools.filter(({ rolls, action }) => rolls !== "no" && (action === "update" || action === "follow"));
  const counted = rolling.map(({ rolls }) => ({ certain: rolls === "yes" }));
  const rolls = clauses(counted, "pool", ["rolls", "roll", "may roll"]);
  const note = emptyNote(rolling.map(({ empty }) => empty));
  return [
    ...rolls.map((clause, index) => (index === rolls.length - 1 ? clause + note : clause)),
    ...byAction(
      pools.filter((pool) => !rolling.includes(pool)),
      "pool",
      OTHERS,
    ),
  ];
}

function emptyNote(rolling: readonly Emptiness[]): string {
  const emptied = rolling.filter((empty) => empty === "one start").length;
  if (emptied > 0) return rolling.length === 1 ? " and is empty for one start" : ` (${emptied} empty for one start)`;
  return rolling.every((empty) => empty === "never") ? " without being empty" : "";
}

function clauses(facts: Counted, noun: string, [one, several, maybe]: Verb): string[] {
  const certain = facts.filter((fact) => fact.certain).length;
  const unsure = facts.length - certain;
  return [
    ...(certain === 0 ? [] : [`${count(certain, noun)} ${certain === 1 ? one : several}`]),
    ...(unsure === 0 ? [] : [`${count(unsure, noun)} ${maybe}`]),
  ];
}

function count(many: number, noun: string): string {
  if (many === 1) return `1 ${noun}`;
  return `${many} ${noun}${noun.endsWith("s") ? "es" : "s"}`;
}
