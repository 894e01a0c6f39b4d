import { data, Evaluator, Lexer, Parser } from "@actions/expressions";

/** Contexts by their names (`github`, `steps`, …): what the expressions of a workflow may look at. */
export type Contexts = Readonly<Record<string, unknown>>;

/** How the job has gone so far: what the status functions answer. */
export type JobStatus = "success" | "failure";

const STATUS_FUNCTIONS = ["always", "cancelled", "success", "failure"] as const;

/** A text with `${{ … }}` in it, as the runner fills it in. */
export function fillIn(text: string, contexts: Contexts): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression: string) =>
    evaluate(expression, contexts, "success").coerceString(),
  );
}

/** Whether a step or a job runs. Without a status function, the condition counts only while all has succeeded. */
export function isWanted(condition: string | undefined, contexts: Contexts, status: JobStatus): boolean {
  if (condition === undefined) return status === "success";
  const expression = condition.trim().replace(/^\$\{\{(.*)\}\}$/s, "$1");
  const asksForStatus = STATUS_FUNCTIONS.some((name) => expression.includes(`${name}(`));
  if (!asksForStatus && status !== "success") return false;
  const value = evaluate(expression, contexts, status).coerceString();
  return value !== "" && value !== "false" && value !== "0";
}

function evaluate(expression: string, contexts: Contexts, status: JobStatus): data.ExpressionData {
  const answers = { always: true, cancelled: false, success: status === "success", failure: status === "failure" };
  const functions = STATUS_FUNCTIONS.map((name) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(answers[name]),
  }));
  const { tokens } = new Lexer(expression.trim()).lex();
  const parsed = new Parser(tokens, Object.keys(contexts), functions).parse();
  const values = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary;
  return new Evaluator(parsed, values, new Map(functions.map((each) => [each.name, each]))).evaluate();
}
