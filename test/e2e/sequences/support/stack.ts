import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PulumiProject, type CliResult, type StackResource } from "../../support/pulumi-project.ts";
import type { SecretScanner } from "../../support/secret-scanner.ts";
import { startCli, type CliRun } from "./cli-run.ts";
import { CONTEXTS, programText } from "./program.ts";
import type { Shell } from "./shells.ts";

const QUICK = ["--yes", "--skip-preview"];

export interface StackOptions {
  shell: Shell;
  /** Of every name at the service. */
  prefix: string;
  /** Name of the stack; two that run at once need two, because a resource's mark is made of it. Default `dev`. */
  name?: string;
  env: Record<string, string>;
}

/** A stack with a backend of its own, and the program that a row gives it. */
export class Stack implements Disposable {
  readonly project: PulumiProject;
  readonly #options: StackOptions;

  private constructor(options: StackOptions) {
    this.#options = options;
    this.project = new PulumiProject({ program: "", files: CONTEXTS, env: options.env });
    // The programs are JavaScript, and there are hundreds of runs: none has to load a compiler of TypeScript.
    const runtime = { name: "nodejs", options: { typescript: false } };
    this.project.write("Pulumi.yaml", JSON.stringify({ name: "e2e", runtime }));
  }

  static async create(options: StackOptions): Promise<Stack> {
    const stack = new Stack(options);
    await stack.project.ok("stack", "init", stack.name);
    return stack;
  }

  get name(): string {
    return this.#options.name ?? "dev";
  }

  /** Changes the environment of later runs. */
  useEnv(env: Record<string, string>): void {
    Object.assign(this.project.env, env);
  }

  /** Sets the program; see `programText` for what it may use. @param shell default: the stack's */
  program(body: string, shell: Shell = this.#options.shell): void {
    this.project.write("index.js", programText(shell, this.#options.prefix, body));
  }

  /** `pulumi up` that must succeed. */
  up(...args: string[]): Promise<CliResult> {
    return this.project.ok("up", ...QUICK, ...args);
  }

  /** `pulumi up`, however it ends. */
  tryUp(...args: string[]): Promise<CliResult> {
    return this.project.run("up", ...QUICK, ...args);
  }

  /** Starts `pulumi up` (or another command that changes the stack) to watch it. */
  start(command: "up" | "destroy" = "up", ...args: string[]): CliRun {
    const run = startCli([command, ...QUICK, ...args], {
      cwd: join(this.project.dir, "program"),
      env: this.project.env,
    });
    void run.ended.then(({ text }) => this.project.printed.push(text));
    return run;
  }

  destroy(): Promise<CliResult> {
    return this.project.ok("destroy", ...QUICK);
  }

  refresh(): Promise<CliResult> {
    return this.project.ok("refresh", ...QUICK);
  }

  /** Forgets all that the stack has recorded, as somebody does who loses the backend. */
  loseState(): void {
    rmSync(this.#file("stacks", "e2e", `${this.name}.json`));
    rmSync(this.#file("stacks", "e2e", `${this.name}.json.bak`), { force: true });
    rmSync(join(this.project.dir, "program", `Pulumi.${this.name}.yaml`), { force: true });
  }

  /** Is there a lock that a killed CLI has left? */
  isLocked(): boolean {
    const locks = this.#file("locks");
    return existsSync(locks) && readdirSync(locks, { recursive: true }).some((path) => String(path).endsWith(".json"));
  }

  /** The recorded resources but the stack itself, read from the backend's file: no run of the CLI. */
  resources(): StackResource[] {
    const file = this.#file("stacks", "e2e", `${this.name}.json`);
    const state = JSON.parse(readFileSync(file, "utf8")) as {
      checkpoint: { latest?: { resources?: StackResource[] } };
    };
    return (state.checkpoint.latest?.resources ?? []).filter(({ type }) => !type.startsWith("pulumi:"));
  }

  /** The recorded resource of a name. */
  resource(name: string): StackResource {
    const found = this.resources().find(({ urn }) => urn.endsWith(`::${name}`));
    if (!found) throw new Error(`no ${name} in the state`);
    return found;
  }

  /** Looks for the program's secret in all that the runs have printed and recorded, the history of the state included. */
  scan(scanner: SecretScanner): void {
    for (const [index, text] of this.project.printed.entries()) scanner.scan(`output ${index} of ${this.name}`, text);
    scanner.scanFolder(`state of ${this.name}`, join(this.project.dir, "state"));
  }

  [Symbol.dispose](): void {
    this.project.dispose();
  }

  #file(...path: string[]): string {
    return join(this.project.dir, "state", ".pulumi", ...path);
  }
}

/** What a run says of its resources, the stack itself left out: `{ created: 2, unchanged: 1 }`. */
export function summary({ text }: CliResult): Record<string, number> {
  const found = [...text.matchAll(/^ +(?:[^\d\s]+ ?)?(\d+) (created|updated|deleted|replaced|unchanged|imported)$/gm)];
  const counts = Object.fromEntries(found.map(([, count, word]) => [word ?? "", Number(count)] as const));
  // The first run creates the stack, the later ones find it unchanged.
  const own = counts.unchanged === undefined ? "created" : "unchanged";
  const left = (counts[own] ?? 1) - 1;
  if (left > 0) counts[own] = left;
  else delete counts[own];
  return counts;
}
