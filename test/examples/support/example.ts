import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runToEnd } from "../../../scripts/quickstart/command.ts";
import { repo, type CliResult } from "../../e2e/support/pulumi-project.ts";
import { baseImage } from "../../e2e/support/service.ts";
import { linkCommands, linkPackages } from "./packages.ts";

/** A copy of an example in a folder of its own, where its commands are run as its reader runs them. */
export class Example implements Disposable {
  /** The copy; `dir/..` holds the state of its stacks and the home of its user. */
  readonly dir: string;
  readonly env: Record<string, string>;
  readonly #root: string;

  /** @param name folder below `examples/` */
  constructor(name: string, env: Record<string, string>) {
    this.#root = mkdtempSync(join(tmpdir(), "nullspace-example-"));
    this.dir = join(this.#root, "example");
    const from = join(repo, "examples", name);
    cpSync(from, this.dir, { recursive: true, filter: (path) => !path.endsWith("/node_modules") });
    for (const folder of ["state", "home", "bin"]) mkdirSync(join(this.#root, folder));
    linkPackages(join(this.dir, "node_modules"));
    linkCommands(join(this.#root, "bin"));
    this.env = {
      ...(process.env as Record<string, string>),
      PATH: [join(this.#root, "bin"), process.env.PATH].join(delimiter),
      PULUMI_HOME: join(this.#root, "home"),
      PULUMI_BACKEND_URL: pathToFileURL(join(this.#root, "state")).href,
      PULUMI_CONFIG_PASSPHRASE: "example",
      PULUMI_SKIP_UPDATE_CHECK: "true",
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
    const result = await runToEnd(command, [...args], { cwd: join(this.dir, folder), env: this.env });
    return { ...result, text: result.stdout + result.stderr, args: [command, ...args] };
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

  /** Makes a stack whose base image is the one that every test builds on. */
  async stack(name = "dev"): Promise<void> {
    await this.pulumi("stack", "init", name);
    await this.pulumi("config", "set", "baseImage", baseImage());
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
