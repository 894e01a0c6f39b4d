import { resolve } from "node:path";
import type { Readiness } from "../wire/readiness.ts";
import type { BuildSecret } from "../wire/registry-auth.ts";
import type { Step } from "../wire/step.ts";
import type { CreateTemplateRequest } from "../wire/create-template.ts";
import { anyText, either, flag, listOf, oneOf, options as optionsOf, text, whole } from "../arguments/index.ts";
import { check, requireEnv, requireMode, requireNumber, requireText, requireWords } from "./argument-checks.ts";
import { readSecretEnv, readSecretFile, withSecret } from "./build-secrets.ts";
import { callSite } from "./call-site.ts";
import { COPY, MODE, toCopy, toCopyItems, type CopyItemArgument, type CopyOptions } from "./copy-arguments.ts";
import { createRequest, JSON_OPTIONS, type JsonOptions } from "./create-request.ts";
import type { TemplateDefinition } from "./definition.ts";
import { TemplateArgumentError } from "./errors.ts";
import { toReadiness } from "./readiness.ts";
import {
  AWS_AUTH,
  awsAuth,
  BASIC_AUTH,
  basicAuth,
  GCP_AUTH,
  gcpAuth,
  type AwsAuthOptions,
  type BasicAuthOptions,
} from "./registry-credentials.ts";
import { renderDockerfile } from "./render-dockerfile.ts";

const INSTALL = optionsOf<{ g: unknown }>({ g: flag });
const RUN = optionsOf<{ user: unknown }>({ user: text });
const REMOVE = optionsOf<{ recursive: unknown; force: unknown }>({ recursive: flag, force: flag });
const FORCE = optionsOf<{ force: unknown }>({ force: flag });
const MODE_OPTION = optionsOf<{ mode: unknown }>({ mode: MODE });
const CLONE = optionsOf<{ branch: unknown; depth: unknown }>({ branch: text, depth: whole(1) });
const FILE_CONTEXT = optionsOf<{ ignorePatterns: unknown }>({ ignorePatterns: listOf(anyText, "texts") });
const SECRET = optionsOf<{ source: unknown }>({ source: oneOf("value", "env", "file") });

type Method = (...args: never[]) => unknown;

/**
 * Describes what a template is made of. Immutable: every call returns a new builder, so a common start can be shared.
 * Wrong use throws at the call, naming the argument.
 *
 * @example
 * ```ts
 * const template = fromPythonImage("3.12", { variant: "slim" })
 *   .pipInstall("flask==3.1")
 *   .copy("app.py", "/app/")
 *   .setWorkdir("/app")
 *   .setStartCmd("flask run --port 8080", waitForPort(8080));
 * ```
 */
export class TemplateBuilder {
  readonly #definition: TemplateDefinition;

  private constructor(definition: TemplateDefinition) {
    this.#definition = definition;
  }

  /** @internal A builder that holds `definition`; the bases (`fromImage`, …) begin with this. */
  static of(definition: TemplateDefinition): TemplateBuilder {
    return new TemplateBuilder(definition);
  }

  /** Installs Debian packages. */
  aptInstall(packages: string | Iterable<string>, ...more: string[]): TemplateBuilder {
    return this.#step(this.aptInstall, {
      action: "apt_install",
      packages: requireWords("aptInstall: packages", packages, more),
    });
  }

  /** Installs Python packages. */
  pipInstall(
    packages: string | Iterable<string>,
    options: {
      /**
       * For the whole system, or (`false`) for the user alone.
       *
       * @default true
       */
      g?: boolean | undefined;
    } = {},
  ): TemplateBuilder {
    check("pipInstall", { options: INSTALL }, { options });
    const words = requireWords("pipInstall: packages", packages);
    return this.#step(this.pipInstall, {
      action: "pip_install",
      packages: words,
      ...(options.g === false && { g: false }),
    });
  }

  /** Installs npm packages into the working directory, or globally (`g: true`). */
  npmInstall(packages: string | Iterable<string>, options: { g?: boolean | undefined } = {}): TemplateBuilder {
    check("npmInstall", { options: INSTALL }, { options });
    const words = requireWords("npmInstall: packages", packages);
    return this.#step(this.npmInstall, { action: "npm_install", packages: words, ...(options.g && { g: true }) });
  }

  /** Installs packages with Bun into the working directory, or globally (`g: true`). */
  bunInstall(packages: string | Iterable<string>, options: { g?: boolean | undefined } = {}): TemplateBuilder {
    check("bunInstall", { options: INSTALL }, { options });
    const words = requireWords("bunInstall: packages", packages);
    return this.#step(this.bunInstall, { action: "bun_install", packages: words, ...(options.g && { g: true }) });
  }

  /** Runs a shell command, or several, each a step of its own. */
  runCmd(command: string | readonly string[], options: { user?: string | undefined } = {}): TemplateBuilder {
    return this.#run(this.runCmd, "runCmd", command, options);
  }

  /** The short name of `runCmd`. */
  run(command: string | readonly string[], options: { user?: string | undefined } = {}): TemplateBuilder {
    return this.#run(this.run, "run", command, options);
  }

  /**
   * Copies files or folders of this machine. A folder's content is copied, as Docker does. Relative paths start in the
   * file context, or else in the working directory; there are no patterns.
   */
  copy(src: string | readonly string[], dst: string, options: CopyOptions = {}): TemplateBuilder {
    check("copy", { options: COPY }, { options });
    return this.#step(this.copy, { action: "copy", ...toCopy("copy", src, dst, options) });
  }

  /** Several copies as one step; an item's own options override the call's. */
  copyItems(items: readonly CopyItemArgument[], options: CopyOptions = {}): TemplateBuilder {
    check("copyItems", { options: COPY }, { options });
    return this.#step(this.copyItems, { action: "copy_items", items: toCopyItems(items, options) });
  }

  /** Removes a path of the image. */
  remove(
    path: string,
    options: {
      /**
       * Folders with all that is in them.
       *
       * @default false
       */
      recursive?: boolean | undefined;
      /**
       * A missing path is not an error.
       *
       * @default false
       */
      force?: boolean | undefined;
    } = {},
  ): TemplateBuilder {
    check("remove", { options: REMOVE }, { options });
    const { recursive = false, force = false } = options;
    return this.#step(this.remove, { action: "remove", path: requireText("remove: path", path), recursive, force });
  }

  /** Moves a path of the image. (To rename a template: `Template.rename`.) */
  rename(
    src: string,
    dst: string,
    options: {
      /**
       * Over what is there.
       *
       * @default false
       */
      force?: boolean | undefined;
    } = {},
  ): TemplateBuilder {
    check("rename", { options: FORCE }, { options });
    return this.#step(this.rename, {
      action: "rename",
      src: requireText("rename: src", src),
      dst: requireText("rename: dst", dst),
      force: options.force ?? false,
    });
  }

  /** Creates a folder, with its parents. */
  makeDir(path: string, options: { mode?: number | string | undefined } = {}): TemplateBuilder {
    check("makeDir", { options: MODE_OPTION }, { options });
    return this.#step(this.makeDir, {
      action: "make_dir",
      path: requireText("makeDir: path", path),
      ...(options.mode !== undefined && { mode: requireMode("makeDir: mode", options.mode) }),
    });
  }

  /** Makes `path` a symbolic link to `target`. */
  makeSymlink(target: string, path: string): TemplateBuilder {
    return this.#step(this.makeSymlink, {
      action: "make_symlink",
      target: requireText("makeSymlink: target", target),
      path: requireText("makeSymlink: path", path),
    });
  }

  /**
   * Clones a repository. Needs git in the image.
   *
   * @param [path="/workspace"] where to
   */
  gitClone(
    url: string,
    path = "/workspace",
    options: { branch?: string | undefined; depth?: number | undefined } = {},
  ): TemplateBuilder {
    check("gitClone", { options: CLONE }, { options });
    const { branch, depth } = options;
    return this.#step(this.gitClone, {
      action: "git_clone",
      url: requireText("gitClone: url", url),
      path: requireText("gitClone: path", path),
      ...(branch !== undefined && { branch: requireText("gitClone: branch", branch) }),
      ...(depth !== undefined && { depth: requireNumber("gitClone: depth", depth, { min: 1 }) }),
    });
  }

  /** Working directory of later steps, and of machines; the last call wins for those. */
  setWorkdir(path: string): TemplateBuilder {
    return this.#place(this.setWorkdir, { action: "workdir", path: requireText("setWorkdir: path", path) });
  }

  /** The short name of `setWorkdir`. */
  workdir(path: string): TemplateBuilder {
    return this.#place(this.workdir, { action: "workdir", path: requireText("workdir: path", path) });
  }

  /** User of later steps, and of machines; the last call wins for those. */
  setUser(user: string): TemplateBuilder {
    return this.#place(this.setUser, { action: "user", user: requireText("setUser: user", user) });
  }

  /** Adds variables that only the build sees. */
  setBuildEnvs(envs: Readonly<Record<string, string>>): TemplateBuilder {
    return this.#with({ buildEnvs: { ...this.#definition.buildEnvs, ...requireEnv("setBuildEnvs: envs", envs) } });
  }

  /** Adds variables that machines begin with. */
  setRuntimeEnvs(envs: Readonly<Record<string, string>>): TemplateBuilder {
    return this.#with({
      runtimeEnvs: { ...this.#definition.runtimeEnvs, ...requireEnv("setRuntimeEnvs: envs", envs) },
    });
  }

  /** The short name of `setRuntimeEnvs`. */
  env(envs: Readonly<Record<string, string>>): TemplateBuilder {
    return this.setRuntimeEnvs(envs);
  }

  /**
   * A command that the build starts once; machines begin with it running.
   *
   * @param readiness when it counts as started: a probe, or a shell command that ends with 0
   */
  setStartCmd(command: string, readiness?: Readiness | string): TemplateBuilder {
    const started = this.#with({ startCmd: requireText("setStartCmd: command", command) });
    return readiness === undefined ? started : started.setReadyCmd(readiness);
  }

  /** When the start command counts as started: a probe, or a shell command that ends with 0. */
  setReadyCmd(readiness: Readiness | string): TemplateBuilder {
    return this.#with({ readiness: toReadiness("setReadyCmd: readiness", readiness) });
  }

  /** Folder in which relative copy sources start, and whose `.dockerignore` counts; replaces an earlier one. */
  setFileContext(path: string, options: { ignorePatterns?: readonly string[] | undefined } = {}): TemplateBuilder {
    check("setFileContext", { options: FILE_CONTEXT }, { options });
    const root = resolve(requireText("setFileContext: path", path));
    return this.#with({ fileContext: { root, ignorePatterns: [...(options.ignorePatterns ?? [])] } });
  }

  /** Later steps do not reuse layers. */
  skipCache(): TemplateBuilder {
    return this.#step(this.skipCache, { action: "skip_cache" });
  }

  /** Another name of `skipCache`. */
  forceBuild(): TemplateBuilder {
    return this.#step(this.forceBuild, { action: "skip_cache" });
  }

  /** User name and password for the base image; without both, earlier credentials are removed. For the request only. */
  setBaseImageAuth(options: BasicAuthOptions): TemplateBuilder {
    check("setBaseImageAuth", { options: BASIC_AUTH }, { options });
    return this.#auth("setBaseImageAuth", basicAuth("setBaseImageAuth", options));
  }

  /** A service account's key for a base image of Google Artifact Registry. For the request only. */
  setGcpRegistryAuth(options: { serviceAccountJson: Readonly<Record<string, unknown>> | string }): TemplateBuilder {
    check("setGcpRegistryAuth", { options: GCP_AUTH }, { options });
    return this.#auth("setGcpRegistryAuth", gcpAuth("setGcpRegistryAuth", options.serviceAccountJson));
  }

  /** Credentials for a base image of Amazon ECR. For the request only. */
  setAwsRegistryAuth(options: AwsAuthOptions): TemplateBuilder {
    check("setAwsRegistryAuth", { options: AWS_AUTH }, { options });
    return this.#auth("setAwsRegistryAuth", awsAuth("setAwsRegistryAuth", options));
  }

  /** A value that a Dockerfile may mount while it builds (`RUN --mount=type=secret,id=…`); never stored. */
  addBuildSecret(id: string, value: string, options: { source?: BuildSecret["source"] } = {}): TemplateBuilder {
    check("addBuildSecret", { options: SECRET }, { options });
    return this.#secret("addBuildSecret", { id, value, source: options.source });
  }

  /**
   * A secret from the environment.
   *
   * @param [variable=id] the variable that holds it
   */
  addBuildSecretEnv(id: string, variable: string = id): TemplateBuilder {
    check("addBuildSecretEnv", { id: text, variable: text }, { id, variable });
    return this.#secret("addBuildSecretEnv", { id, value: readSecretEnv(id, variable, process.env), source: "env" });
  }

  /** A secret from a file, as UTF-8 text. */
  addBuildSecretFile(id: string, path: string): TemplateBuilder {
    check("addBuildSecretFile", { id: text, path: text }, { id, path });
    return this.#secret("addBuildSecretFile", { id, value: readSecretFile(id, path), source: "file" });
  }

  /**
   * The request that would build this, the files of its context inline. Holds the secrets of the request: do not log it.
   * (Also what `JSON.stringify` of a builder gives.)
   *
   * @throws ContextSourceError when a file to copy is missing, ignored, or no file
   */
  toJSON(options?: JsonOptions | string): CreateTemplateRequest {
    // JSON.stringify calls this with the key under which the builder lies.
    const named = typeof options === "string" ? {} : (options ?? {});
    check("toJSON", { options: JSON_OPTIONS }, { options: named });
    return createRequest(this.#definition, named, "json");
  }

  /**
   * The template as a Dockerfile: for reading, or for building elsewhere. COPY names the sources as they were given.
   * Runtime variables, readiness and credentials have no place in one. A Dockerfile is returned as it is.
   */
  toDockerfile(): string {
    return renderDockerfile(this.#definition);
  }

  /** @internal What the builder holds, for the rest of the SDK. */
  get definition(): TemplateDefinition {
    return this.#definition;
  }

  #with(change: Partial<TemplateDefinition>): TemplateBuilder {
    return new TemplateBuilder({ ...this.#definition, ...change });
  }

  /** @param method the public method that the program called: the line above it is the step's */
  #step(method: Method, step: Step): TemplateBuilder {
    if (this.#definition.base.kind === "dockerfile") {
      throw new TemplateArgumentError(step.action, "a Dockerfile holds its own steps: write this one into it");
    }
    return this.#with({ steps: [...this.#definition.steps, { step, addedAt: callSite(method) }] });
  }

  #run(
    method: Method,
    name: string,
    command: string | readonly string[],
    options: { user?: string | undefined },
  ): TemplateBuilder {
    check(name, { command: either(text, listOf(text, "texts")), options: RUN }, { command, options });
    const { user } = options;
    const commands = typeof command === "string" ? [command] : command;
    if (commands.length === 0) throw new TemplateArgumentError(`${name}: command`, "give at least one");
    const addedAt = callSite(method);
    const steps = commands.map((one) => ({
      action: "run" as const,
      command: requireText(`${name}: command`, one),
      ...(user !== undefined && { user: requireText(`${name}: user`, user) }),
    }));
    if (this.#definition.base.kind === "dockerfile") return this.#step(method, steps[0]!);
    return this.#with({ steps: [...this.#definition.steps, ...steps.map((step) => ({ step, addedAt }))] });
  }

  /** A user or folder is a step, and what machines begin with; of a Dockerfile only the latter. */
  #place(method: Method, step: Extract<Step, { action: "workdir" | "user" }>): TemplateBuilder {
    const runtime = step.action === "user" ? { defaultUser: step.user } : { defaultWorkdir: step.path };
    if (this.#definition.base.kind === "dockerfile") return this.#with(runtime);
    return this.#with({ ...runtime, steps: [...this.#definition.steps, { step, addedAt: callSite(method) }] });
  }

  #auth(argument: string, auth: TemplateDefinition["baseImageAuth"]): TemplateBuilder {
    const { authRefusal } = this.#definition;
    if (authRefusal !== undefined) throw new TemplateArgumentError(argument, authRefusal);
    const { baseImageAuth: _replaced, ...rest } = this.#definition;
    return new TemplateBuilder(auth === undefined ? rest : { ...rest, baseImageAuth: auth });
  }

  #secret(argument: string, secret: { id: string; value: string; source: BuildSecret["source"] }): TemplateBuilder {
    return this.#with({ buildSecrets: withSecret(argument, this.#definition.buildSecrets, secret) });
  }
}
