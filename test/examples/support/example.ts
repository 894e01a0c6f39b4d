import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runToEnd } from "../../../scripts/quickstart/command.ts";
import { repo, type CliResult } from "../../e2e/support/pulumi-project.ts";
import { baseImage } from "../../e2e/support/service.ts";
import { lineNotPrinted, readmeSteps, type ReadmeStep } from "./readme.ts";

const COMMANDS = {
  "pulumi-resource-nullspace": "dist/bundle/pulumi-resource-nullspace.js",
  "pulumi-nullspace": "dist/bin/pulumi-nullspace.js",
  "nullspace-local": "service/dist/bin/nullspace-local.js",
} as const;

/** A copy of an example in a folder of its own, where its commands are run as its reader runs them. */
export class Example implements Disposable {
  readonly dir: string;
  /** Folder of the state of its stacks. */
  readonly stateDir: string;
  readonly env: Record<string, string>;
  /** Every command so far, with what it printed. */
  readonly runs: CliResult[] = [];
  readonly #root: string;
  /** Commands of the README that nobody has typed yet. */
  readonly #steps: ReadmeStep[];

  /** @param name folder below `examples/` */
  constructor(name: string, env: Record<string, string>) {
    this.#root = mkdtempSync(join(tmpdir(), "nullspace-example-"));
    this.dir = join(this.#root, "example");
    const from = join(repo, "examples", name);
    cpSync(from, this.dir, { recursive: true, filter: (path) => !path.endsWith("/node_modules") });
    this.stateDir = join(this.#root, "state");
    for (const folder of ["state", "home"]) mkdirSync(join(this.#root, folder));
    const readme = join(from, "README.md");
    this.#steps = existsSync(readme) ? readmeSteps(readFileSync(readme, "utf8")) : [];
    this.env = {
      ...(process.env as Record<string, string>),
      PATH: [installPackages(join(this.dir, "node_modules")), process.env.PATH].join(delimiter),
      PULUMI_HOME: join(this.#root, "home"),
      PULUMI_BACKEND_URL: pathToFileURL(join(this.#root, "state")).href,
      PULUMI_CONFIG_PASSPHRASE: "example",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      NO_COLOR: "1",
      HOME: join(this.#root, "home"),
      XDG_CONFIG_HOME: join(this.#root, "home", ".config"),
      ...env,
    };
  }

  /** Writes a file of the copy, as its reader edits it. */
  write(path: string, content: string): void {
    const file = join(this.dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  read(path: string): string {
    return readFileSync(join(this.dir, path), "utf8");
  }

  /** Runs a command in the folder, or in one below it, to its end, whatever the exit code. */
  async run(command: string, args: readonly string[], folder = "."): Promise<CliResult> {
    const ended = await runToEnd(command, args, { cwd: join(this.dir, folder), env: this.env });
    const result = { ...ended, text: ended.stdout + ended.stderr, args: [command, ...args] };
    this.runs.push(result);
    return result;
  }

  /**
   * Types the README's next command, and reads along: it must be this one, it must print the lines that the README shows,
   * and end well unless `fails`.
   */
  async follow(command: string, { fails = false } = {}): Promise<CliResult> {
    const step = this.#nextStep(command);
    const result = await this.run("sh", ["-c", command]);
    if ((result.exitCode !== 0) !== fails) {
      throw new Error(`${command} ended with exit code ${result.exitCode}\n${result.text}`);
    }
    return expectPrinted(step, result);
  }

  /**
   * Types the README's next command in a second terminal, where it runs beside those that follow. `stop` ends it as Ctrl-C
   * does, and reads along.
   */
  start(command: string): { stop: () => Promise<CliResult> } {
    const step = this.#nextStep(command);
    const child = spawn("sh", ["-c", `exec ${command}`], {
      cwd: this.dir,
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (part: string) => (text += part));
    const ended = once(child, "close") as Promise<[number | null]>;
    return {
      stop: async () => {
        child.kill("SIGINT");
        const [code] = await ended;
        return expectPrinted(step, { exitCode: code ?? 1, stdout: text, stderr: "", text, args: [command] });
      },
    };
  }

  /** Commands of the README that are still to be followed. */
  toFollow(): string[] {
    return this.#steps.map(({ command }) => command);
  }

  #nextStep(command: string): ReadmeStep {
    const step = this.#steps.shift();
    if (step?.command === command) return step;
    throw new Error(`the README's next command is ${step === undefined ? "none" : step.command}, not ${command}`);
  }

  /** Runs a command and fails, with all that it printed, on another exit code than 0. */
  async ok(command: string, args: readonly string[], folder?: string): Promise<CliResult> {
    const result = await this.run(command, args, folder);
    if (result.exitCode === 0) return result;
    throw new Error(`${[command, ...args].join(" ")} ended with exit code ${result.exitCode}\n${result.text}`);
  }

  /** `pulumi`, without questions and colours. */
  pulumi(...args: string[]): Promise<CliResult> {
    return this.ok("pulumi", [...args, "--non-interactive", "--color", "never"]);
  }

  /** Makes the stack `dev` of the program in a folder of the copy, on the base image that tests build on or another one. */
  async stack({ folder = ".", image = baseImage() } = {}): Promise<void> {
    await this.pulumi("-C", folder, "stack", "init", "dev");
    await this.pulumi("-C", folder, "config", "set", "baseImage", image);
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Fails unless the command has printed what the README shows. */
function expectPrinted(step: ReadmeStep, result: CliResult): CliResult {
  const line = lineNotPrinted(step.prints, result.text);
  if (line === undefined) return result;
  throw new Error(`${step.command} has not printed what the README shows:\n${line}\nIt has printed:\n${result.text}`);
}

/** Makes a `node_modules` as npm does for who depends on this package; returns the folder of its commands. */
function installPackages(nodeModules: string): string {
  const bin = join(nodeModules, ".bin");
  mkdirSync(bin, { recursive: true });
  for (const name of readdirSync(join(repo, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(repo, "node_modules", name), join(nodeModules, name));
  }
  for (const [command, file] of Object.entries(COMMANDS)) {
    const target = join(repo, file);
    if (!existsSync(target)) throw new Error(`${target} is missing: run \`npm run build\``);
    chmodSync(target, 0o755);
    symlinkSync(target, join(bin, command));
  }
  return bin;
}
