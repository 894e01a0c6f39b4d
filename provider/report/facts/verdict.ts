import { isMove } from "./tag-facts.ts";
import type { Action, Emptiness, StackReport, TagFact } from "./report.ts";

type Facts = Omit<StackReport, "title" | "verdict">;
type Verb = readonly [one: string, several: string];

const TEMPLATES: Readonly<Record<Action, Verb>> = {
  create: ["is new", "are new"],
  rebuild: ["gets a new build", "get a new build"],
  replace: ["is replaced", "are replaced"],
  delete: ["is deleted", "are deleted"],
  retain: ["is let go", "are let go"],
  import: ["is imported", "are imported"],
  update: ["is updated without a build", "are updated without a build"],
};

const OTHERS: Readonly<Record<Action, Verb>> = { ...TEMPLATES, update: ["is updated", "are updated"] };

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

function ofEach(
  stacks: readonly Facts[],
  kind: "templates" | "aliases",
  noun: string,
  verbs: Readonly<Record<Action, Verb>>,
): string[] {
  const all = stacks.flatMap((stack): readonly { action: Action }[] => stack[kind]);
  const actions = Object.keys(verbs) as Action[];
  return actions.flatMap((action) => clause(all.filter((fact) => fact.action === action).length, noun, verbs[action]));
}

function tagClauses(tags: readonly TagFact[]): string[] {
  return [
    ...clause(tags.filter(isMove).length, "tag", ["moves", "move"]),
    ...clause(tags.filter(({ from }) => from === null).length, "tag", ["is new", "are new"]),
    ...clause(tags.filter(({ to }) => to === null).length, "tag", ["is removed", "are removed"]),
  ];
}

function poolClauses(pools: StackReport["pools"]): string[] {
  const rolling = pools.filter(({ rolls, action }) => rolls !== "no" && (action === "update" || action === "follow"));
  const of = (action: Action) => pools.filter((pool) => pool.action === action && !rolling.includes(pool)).length;
  const [rolls] = clause(rolling.length, "pool", ["rolls", "roll"]);
  return [
    ...(rolls === undefined ? [] : [rolls + emptyNote(rolling.map(({ empty }) => empty))]),
    ...(Object.keys(OTHERS) as Action[]).flatMap((action) => clause(of(action), "pool", OTHERS[action])),
  ];
}

function emptyNote(rolling: readonly Emptiness[]): string {
  const emptied = rolling.filter((empty) => empty === "one start").length;
  if (emptied > 0) return rolling.length === 1 ? " and is empty for one start" : ` (${emptied} empty for one start)`;
  return rolling.every((empty) => empty === "never") ? " without being empty" : "";
}

function clause(many: number, noun: string, [one, several]: Verb): string[] {
  return many === 0 ? [] : [`${count(many, noun)} ${many === 1 ? one : several}`];
}

function count(many: number, noun: string): string {
  if (many === 1) return `1 ${noun}`;
  return `${many} ${noun}${noun.endsWith("s") ? "es" : "s"}`;
}
