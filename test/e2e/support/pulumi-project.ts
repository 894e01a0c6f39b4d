import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runToEnd, type CommandResult } from "../../../scripts/quickstart/command.ts";

export const repo = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** How a run of the Pulumi CLI ended. */
export interface CliResult extends CommandResult {
  /** Standard output and error, as a person would read them. */
  text: string;
  /** What the CLI was called with. */
  args?: string[];
}

export interface PulumiProjectOptions {
  /** The program: the content of `index.js`. A program in another language is among the `files`, with its `Pulumi.yaml`. */
  program?: string;
  env?: Record<string, string>;
  /** Files beside the program: path -> content. */
  files?: Record<string, string>;
  /** What `node_modules` is; the repository's own by default, where `pulumi-nullspace` is this package. */
  nodeModules?: string;
  /**
   * Whether the plugin of the package is on PATH.
   *
   * @default "packaged"
   */
  plugin?: "packaged" | "none";
}

/** A Pulumi project in a temporary folder, with its own state, run by the real CLI. */
export class PulumiProject {
  readonly dir: string;
  /** Environment of the CLI's runs. */
  readonly env: Record<string, string>;
  /** What the runs so far have printed. */
  readonly printed: string[] = [];

  constructor(options: PulumiProjectOptions) {
    this.dir = mkdtempSync(join(tmpdir(), "nullspace-e2e-"));
    for (const folder of ["state", "home", "program", "bin"]) mkdirSync(join(this.dir, folder));
    this.useNodeModules(options.nodeModules ?? join(repo, "node_modules"));
    if ((options.plugin ?? "packaged") === "packaged") this.#linkPlugin();
    if (options.program !== undefined) {
      this.write("Pulumi.yaml", "name: e2e\nruntime: nodejs\n");
      this.write("package.json", `{"name":"e2e","private":true,"main":"index.js"}\n`);
      this.write("index.js", options.program);
    }
    for (const [path, content] of Object.entries(options.files ?? {})) this.write(path, content);
    this.env = {
      ...(process.env as Record<string, string>),
      PATH: [join(this.dir, "bin"), process.env.PATH].join(delimiter),
      PULUMI_HOME: join(this.dir, "home"),
      PULUMI_BACKEND_URL: pathToFileURL(join(this.dir, "state")).href,
      PULUMI_CONFIG_PASSPHRASE: "e2e",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // No setting of the machine may decide a test.
      HOME: join(this.dir, "home"),
      XDG_CONFIG_HOME: join(this.dir, "home", ".config"),
      ...options.env,
    };
  }

  /** Sets further variables for the runs to come. */
  setEnv(env: Record<string, string>): void {
    Object.assign(this.env, env);
  }

  /** Sets which packages the program sees from the next run on. */
  useNodeModules(folder: string): void {
    const link = join(this.dir, "program", "node_modules");
    rmSync(link, { force: true });
    symlinkSync(folder, link);
  }

  #linkPlugin(): void {
    const plugin = join(repo, "dist", "bundle", "pulumi-resource-nullspace.js");
    if (!existsSync(plugin)) throw new Error(`${plugin} is missing: run \`npm run build\``);
    chmodSync(plugin, 0o755);
    symlinkSync(plugin, join(this.dir, "bin", "pulumi-resource-nullspace"));
  }

  /** Writes a file below the program's folder. */
  write(path: string, content: string): void {
    const file = join(this.dir, "program", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  /** Runs the CLI to its end, whatever the exit code. */
  async run(...args: string[]): Promise<CliResult> {
    const result = await runToEnd("pulumi", [...args, "--non-interactive", "--color", "never"], {
      cwd: join(this.dir, "program"),
      env: this.env,
    });
    const text = result.stdout + result.stderr;
    this.printed.push(text);
    return { ...result, text, args };
  }

  /** Runs the CLI and fails, with all that it printed, on another exit code than 0. */
  async ok(...args: string[]): Promise<CliResult> {
    const result = await this.run(...args);
    if (result.exitCode !== 0) {
      throw new Error(`pulumi ${args.join(" ")} ended with exit code ${result.exitCode}\n${result.text}`);
    }
    return result;
  }

  /** The stack's recorded resources. */
  async resources(): Promise<StackResource[]> {
    const { stdout } = await this.ok("stack", "export");
    const state = JSON.parse(stdout) as { deployment: { resources?: StackResource[] } };
    return state.deployment.resources ?? [];
  }

  /** One recorded resource, by the last part of its type. */
  async resource(type: string): Promise<StackResource> {
    const all = await this.resources();
    const found = all.find((each) => each.type.endsWith(`:${type}`));
    if (!found) throw new Error(`no ${type} in the state: ${all.map((each) => each.urn).join(", ")}`);
    return found;
  }

  async outputs(): Promise<Record<string, unknown>> {
    return JSON.parse((await this.ok("stack", "output", "--json")).stdout) as Record<string, unknown>;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  dispose(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export interface StackResource {
  urn: string;
  type: string;
  id?: string;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  initErrors?: string[];
}
