import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { anyText, listOf, options, text } from "../arguments/index.ts";
import { check, requireText } from "./argument-checks.ts";
import { normalizeBaseRef } from "./base-ref.ts";
import { TemplateBuilder } from "./builder.ts";
import { callSite } from "./call-site.ts";
import type { FileContext, TemplateBase, TemplateDefinition } from "./definition.ts";
import { TemplateArgumentError } from "./errors.ts";
import {
  AWS_MEMBERS,
  awsAuth,
  BASIC_MEMBERS,
  basicAuth,
  GCP_MEMBERS,
  gcpAuth,
  type AwsAuthOptions,
  type BasicAuthOptions,
} from "./registry-credentials.ts";

/** Where copy sources start. */
export interface FileContextOptions {
  /** Folder in which relative copy sources start, and whose `.dockerignore` counts. */
  fileContextPath?: string | undefined;
  /** More ignore lines, read after the `.dockerignore`, in Git's syntax. */
  fileIgnorePatterns?: readonly string[] | undefined;
}

/** Options of the bases that are images. */
export type ImageOptions = FileContextOptions & BasicAuthOptions;

const FILE_CONTEXT_MEMBERS = { fileContextPath: text, fileIgnorePatterns: listOf(anyText, "texts") };
const FILE_CONTEXT = options<FileContextOptions>(FILE_CONTEXT_MEMBERS);
const IMAGE_MEMBERS = { ...FILE_CONTEXT_MEMBERS, ...BASIC_MEMBERS };
const IMAGE = options<ImageOptions>(IMAGE_MEMBERS);
const VARIANT = options<ImageOptions & { variant: unknown }>({ ...IMAGE_MEMBERS, variant: text });
const DEBIAN_SLIM = options<ImageOptions & { python: unknown }>({ ...IMAGE_MEMBERS, python: text });
const WITH_PYTHON = options<ImageOptions & { addPython: unknown }>({ ...IMAGE_MEMBERS, addPython: text });
const GCP = options<FileContextOptions & { serviceAccountJson: unknown }>({ ...FILE_CONTEXT_MEMBERS, ...GCP_MEMBERS });
const AWS = options<FileContextOptions & AwsAuthOptions>({ ...FILE_CONTEXT_MEMBERS, ...AWS_MEMBERS });
const DOCKERFILE = options<FileContextOptions & { pathHint: unknown }>({ ...FILE_CONTEXT_MEMBERS, pathHint: text });

/**
 * Any image: `registry.example/team/app:1`.
 *
 * @example
 * ```ts
 * fromImage("registry.example/team/app:1", { username: "ci", password: process.env.REGISTRY_TOKEN }).run("app --warm-up");
 * ```
 */
export function fromImage(image: string, options: ImageOptions = {}): TemplateBuilder {
  check("fromImage", { options: IMAGE }, { options });
  return onImage("fromImage", requireText("fromImage: image", image).trim(), options);
}

/**
 * An image, or `ubuntu:22.04` when none is given; then credentials are refused, for there is nothing to log in to.
 *
 * @example
 * ```ts
 * fromBaseImage().aptInstall("git"); // on ubuntu:22.04
 * ```
 */
export function fromBaseImage(image?: string, options: ImageOptions = {}): TemplateBuilder {
  check("fromBaseImage", { options: IMAGE }, { options });
  if (image !== undefined) return onImage("fromBaseImage", requireText("fromBaseImage: image", image).trim(), options);
  if (options.username !== undefined || options.password !== undefined) {
    throw new TemplateArgumentError("fromBaseImage: image", "name the image that username and password belong to");
  }
  return onImage("fromBaseImage", "ubuntu:22.04", options, {
    authRefusal: "the base was not named: use fromImage with the image to log in for",
  });
}

/**
 * `ubuntu:<version>`.
 *
 * @param [version="22.04"] a release of Ubuntu, or another tag of the image
 * @example
 * ```ts
 * fromUbuntuImage("24.04").aptInstall(["git", "curl"]);
 * ```
 */
export function fromUbuntuImage(version = "22.04", options: FileContextOptions = {}): TemplateBuilder {
  check("fromUbuntuImage", { options: FILE_CONTEXT }, { options });
  const { fileContextPath, fileIgnorePatterns } = options;
  const image = `ubuntu:${requireText("fromUbuntuImage: version", version)}`;
  return onImage("fromUbuntuImage", image, { fileContextPath, fileIgnorePatterns });
}

/**
 * `debian:<tag>`.
 *
 * @param [tag="stable-slim"] a tag of the image
 * @example
 * ```ts
 * fromDebianImage("bookworm-slim").aptInstall("git");
 * ```
 */
export function fromDebianImage(tag = "stable-slim", options: ImageOptions = {}): TemplateBuilder {
  check("fromDebianImage", { options: IMAGE }, { options });
  return onImage("fromDebianImage", `debian:${requireText("fromDebianImage: tag", tag)}`, options);
}

/**
 * `debian:stable-slim`, or `python:<python>-slim`, which is Debian too.
 *
 * @example
 * ```ts
 * debianSlim({ python: "3.12" }).pipInstall("flask");
 * ```
 */
export function debianSlim(options: ImageOptions & { python?: string | undefined } = {}): TemplateBuilder {
  check("debianSlim", { options: DEBIAN_SLIM }, { options });
  const image =
    options.python === undefined ? "debian:stable-slim" : tagged("python", "debianSlim", options.python, "slim");
  return onImage("debianSlim", image, options);
}

/**
 * `python:<version>[-<variant>]`.
 *
 * @example
 * ```ts
 * fromPythonImage("3.12", { variant: "slim" }).pipInstall("flask==3.1");
 * ```
 */
export function fromPythonImage(
  version: string,
  options: ImageOptions & { variant?: string | undefined } = {},
): TemplateBuilder {
  check("fromPythonImage", { options: VARIANT }, { options });
  return onImage("fromPythonImage", tagged("python", "fromPythonImage", version, options.variant), options);
}

/**
 * `node:<version>[-<variant>]`.
 *
 * @example
 * ```ts
 * fromNodeImage("24", { variant: "alpine" }).copy("package.json", "/app/").setWorkdir("/app").npmInstall("express");
 * ```
 */
export function fromNodeImage(
  version: string,
  options: ImageOptions & { variant?: string | undefined } = {},
): TemplateBuilder {
  check("fromNodeImage", { options: VARIANT }, { options });
  return onImage("fromNodeImage", tagged("node", "fromNodeImage", version, options.variant), options);
}

/**
 * `oven/bun:<version>[-<variant>]`.
 *
 * @example
 * ```ts
 * fromBunImage("1.3").setWorkdir("/app").bunInstall("hono");
 * ```
 */
export function fromBunImage(
  version: string,
  options: ImageOptions & { variant?: string | undefined } = {},
): TemplateBuilder {
  check("fromBunImage", { options: VARIANT }, { options });
  return onImage("fromBunImage", tagged("oven/bun", "fromBunImage", version, options.variant), options);
}

/**
 * An image, with that Python installed by apt when `addPython` is given.
 *
 * @example
 * ```ts
 * fromRegistry("ubuntu:24.04", { addPython: "3.12" }).run("python3.12 --version");
 * ```
 */
export function fromRegistry(
  image: string,
  options: ImageOptions & { addPython?: string | undefined } = {},
): TemplateBuilder {
  check("fromRegistry", { options: WITH_PYTHON }, { options });
  const named = requireText("fromRegistry: image", image).trim();
  if (options.addPython === undefined) return onImage("fromRegistry", named, options);
  const python = `python${requireText("fromRegistry: addPython", options.addPython)}`;
  const packages = [python, `${python}-venv`, "python3-pip"];
  const step = { step: { action: "apt_install" as const, packages }, addedAt: callSite(fromRegistry) };
  return onImage("fromRegistry", named, options, { steps: [step] });
}

/**
 * An image of Google Artifact Registry, with a service account's key or the path of its JSON file.
 *
 * @example
 * ```ts
 * fromGcpRegistry("europe-docker.pkg.dev/acme/images/web:1", { serviceAccountJson: "./reader-key.json" });
 * ```
 */
export function fromGcpRegistry(
  image: string,
  options: FileContextOptions & { serviceAccountJson: Readonly<Record<string, unknown>> | string },
): TemplateBuilder {
  check("fromGcpRegistry", { options: GCP }, { options });
  const baseImageAuth = gcpAuth("fromGcpRegistry", options.serviceAccountJson);
  return start({ kind: "image", image: requireText("fromGcpRegistry: image", image).trim() }, options, {
    baseImageAuth,
  });
}

/**
 * An image of Amazon ECR.
 *
 * @example
 * ```ts
 * fromAwsRegistry("123456789012.dkr.ecr.eu-central-1.amazonaws.com/web:1", {
 *   accessKeyId: process.env.AWS_ACCESS_KEY_ID!,
 *   secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY!,
 *   region: "eu-central-1",
 * });
 * ```
 */
export function fromAwsRegistry(image: string, options: FileContextOptions & AwsAuthOptions): TemplateBuilder {
  check("fromAwsRegistry", { options: AWS }, { options });
  const baseImageAuth = awsAuth("fromAwsRegistry", options);
  return start({ kind: "image", image: requireText("fromAwsRegistry: image", image).trim() }, options, {
    baseImageAuth,
  });
}

/**
 * Another template. A bare name is a built-in one; your own need their namespace: `acme/web:v1`, or `tmpl_…`.
 *
 * @example
 * ```ts
 * fromTemplate("acme/base:stable").copy("app", "/srv/app/");
 * ```
 */
export function fromTemplate(ref: string, options: FileContextOptions = {}): TemplateBuilder {
  check("fromTemplate", { options: FILE_CONTEXT }, { options });
  const image = normalizeBaseRef(requireText("fromTemplate: ref", ref));
  return start({ kind: "image", image, isTemplate: true }, options, {
    authRefusal: "the base is a template, and the service logs in to no registry for it",
  });
}

/**
 * A Dockerfile, read now. Its context is its folder, or `fileContextPath`.
 *
 * @example
 * ```ts
 * await Template.build(fromDockerfile("./app/Dockerfile"), "web:v1");
 * ```
 */
export function fromDockerfile(path: string, options: FileContextOptions = {}): TemplateBuilder {
  check("fromDockerfile", { options: FILE_CONTEXT }, { options });
  const file = resolve(requireText("fromDockerfile: path", path));
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (cause) {
    throw new TemplateArgumentError("fromDockerfile: path", `cannot read ${file}`, { cause });
  }
  const { fileContextPath = dirname(file), fileIgnorePatterns } = options;
  return start({ kind: "dockerfile", content, path: file }, { fileContextPath, fileIgnorePatterns });
}

/**
 * The text of a Dockerfile. Without `fileContextPath` it has no context.
 *
 * @example
 * ```ts
 * fromDockerfileContent("FROM nginx:1.29\nCOPY site /usr/share/nginx/html\n", { fileContextPath: "./app" });
 * ```
 */
export function fromDockerfileContent(
  content: string,
  options: FileContextOptions & {
    /**
     * Where the Dockerfile would lie in the context, for its own ignore file.
     *
     * @default `Dockerfile`
     */
    pathHint?: string | undefined;
  } = {},
): TemplateBuilder {
  check("fromDockerfileContent", { options: DOCKERFILE }, { options });
  requireText("fromDockerfileContent: content", content);
  const { fileContextPath, pathHint = "Dockerfile" } = options;
  if (fileContextPath === undefined) return start({ kind: "dockerfile", content }, options);
  return start({ kind: "dockerfile", content, path: resolve(fileContextPath, pathHint) }, options);
}

function onImage(
  argument: string,
  image: string,
  options: ImageOptions,
  more: Partial<TemplateDefinition> = {},
): TemplateBuilder {
  const auth = basicAuth(argument, options);
  return start({ kind: "image", image }, options, { ...more, ...(auth !== undefined && { baseImageAuth: auth }) });
}

function start(
  base: TemplateBase,
  options: FileContextOptions,
  more: Partial<TemplateDefinition> = {},
): TemplateBuilder {
  const fileContext = toFileContext(options);
  return TemplateBuilder.of({
    base,
    steps: [],
    buildEnvs: {},
    runtimeEnvs: {},
    buildSecrets: [],
    ...(fileContext !== undefined && { fileContext }),
    ...more,
  });
}

function toFileContext({ fileContextPath, fileIgnorePatterns }: FileContextOptions): FileContext | undefined {
  if (fileContextPath !== undefined) {
    const root = resolve(requireText("fileContextPath", fileContextPath));
    return { root, ignorePatterns: [...(fileIgnorePatterns ?? [])] };
  }
  if (fileIgnorePatterns === undefined) return undefined;
  throw new TemplateArgumentError("fileIgnorePatterns", "give fileContextPath too: the folder that they are about");
}

function tagged(image: string, argument: string, version: string, variant: string | undefined): string {
  const tag = requireText(`${argument}: version`, version);
  return variant === undefined ? `${image}:${tag}` : `${image}:${tag}-${requireText(`${argument}: variant`, variant)}`;
}
