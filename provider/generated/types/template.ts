// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import type { ResourceProperties } from "../../classes/resource-properties.ts";
import type { ServiceRecordArgs, ServiceRecord } from "./shared-objects.ts";
/** Installs packages with apt-get. */
export interface AptInstallStepArgs {
  /** Always `apt_install`: it tells the kinds apart. */
  kind: "apt_install";
  /** Packages as the installer names them, versions included. */
  packages: pulumi.Input<pulumi.Input<string>[]>;
}
/** Installs packages with apt-get. */
export interface AptInstallStep {
  /** Always `apt_install`: it tells the kinds apart. */
  kind: "apt_install";
  /** Packages as the installer names them, versions included. */
  packages: Array<string>;
}
/** Installs packages with pip. */
export interface PipInstallStepArgs {
  /** Always `pip_install`: it tells the kinds apart. */
  kind: "pip_install";
  /** Packages as the installer names them, versions included. */
  packages: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * For the whole system, not only for the user.
   *
   * @default true
   */
  global?: pulumi.Input<boolean>;
}
/** Installs packages with pip. */
export interface PipInstallStep {
  /** Always `pip_install`: it tells the kinds apart. */
  kind: "pip_install";
  /** Packages as the installer names them, versions included. */
  packages: Array<string>;
  /**
   * For the whole system, not only for the user.
   *
   * @default true
   */
  global?: boolean;
}
/** Installs packages with npm. */
export interface NpmInstallStepArgs {
  /** Always `npm_install`: it tells the kinds apart. */
  kind: "npm_install";
  /** Packages as the installer names them, versions included. */
  packages: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * For the whole system, not only in the working directory.
   *
   * @default false
   */
  global?: pulumi.Input<boolean>;
}
/** Installs packages with npm. */
export interface NpmInstallStep {
  /** Always `npm_install`: it tells the kinds apart. */
  kind: "npm_install";
  /** Packages as the installer names them, versions included. */
  packages: Array<string>;
  /**
   * For the whole system, not only in the working directory.
   *
   * @default false
   */
  global?: boolean;
}
/** Installs packages with Bun. */
export interface BunInstallStepArgs {
  /** Always `bun_install`: it tells the kinds apart. */
  kind: "bun_install";
  /** Packages as the installer names them, versions included. */
  packages: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * For the whole system, not only in the working directory.
   *
   * @default false
   */
  global?: pulumi.Input<boolean>;
}
/** Installs packages with Bun. */
export interface BunInstallStep {
  /** Always `bun_install`: it tells the kinds apart. */
  kind: "bun_install";
  /** Packages as the installer names them, versions included. */
  packages: Array<string>;
  /**
   * For the whole system, not only in the working directory.
   *
   * @default false
   */
  global?: boolean;
}
/** Runs a command. */
export interface RunStepArgs {
  /** Always `run`: it tells the kinds apart. */
  kind: "run";
  /** Shell command; any exit code other than 0 fails the build. */
  cmd: pulumi.Input<string>;
  /**
   * User that it runs as.
   *
   * @default the one set by earlier steps
   */
  user?: pulumi.Input<string>;
}
/** Runs a command. */
export interface RunStep {
  /** Always `run`: it tells the kinds apart. */
  kind: "run";
  /** Shell command; any exit code other than 0 fails the build. */
  cmd: string;
  /**
   * User that it runs as.
   *
   * @default the one set by earlier steps
   */
  user?: string;
}
/** Sets the working directory of the steps that follow, and of machines unless the input `workdir` does. */
export interface WorkdirStepArgs {
  /** Always `workdir`: it tells the kinds apart. */
  kind: "workdir";
  /** The folder, in the image. */
  path: pulumi.Input<string>;
}
/** Sets the working directory of the steps that follow, and of machines unless the input `workdir` does. */
export interface WorkdirStep {
  /** Always `workdir`: it tells the kinds apart. */
  kind: "workdir";
  /** The folder, in the image. */
  path: string;
}
/** Sets the user of the steps that follow, and of commands in machines unless the input `user` does. */
export interface UserStepArgs {
  /** Always `user`: it tells the kinds apart. */
  kind: "user";
  /** The user's name or number. */
  user: pulumi.Input<string>;
}
/** Sets the user of the steps that follow, and of commands in machines unless the input `user` does. */
export interface UserStep {
  /** Always `user`: it tells the kinds apart. */
  kind: "user";
  /** The user's name or number. */
  user: string;
}
/** Copies files or folders of the context into the image. */
export interface CopyStepArgs {
  /** Always `copy`: it tells the kinds apart. */
  kind: "copy";
  /** Files or folders, relative to `context` and inside it. `contextHash` covers their contents. */
  sources: pulumi.Input<pulumi.Input<string>[]>;
  /** Path in the image; a trailing slash makes it a folder. */
  dst: pulumi.Input<string>;
  /** Owner, `user` or `user:group`. */
  user?: pulumi.Input<string>;
  /** Permission bits, octal: `0755`. */
  mode?: pulumi.Input<string>;
  /**
   * Send the files even if the service has them, and do not reuse the layer.
   *
   * @default false
   */
  forceUpload?: pulumi.Input<boolean>;
}
/** Copies files or folders of the context into the image. */
export interface CopyStep {
  /** Always `copy`: it tells the kinds apart. */
  kind: "copy";
  /** Files or folders, relative to `context` and inside it. `contextHash` covers their contents. */
  sources: Array<string>;
  /** Path in the image; a trailing slash makes it a folder. */
  dst: string;
  /** Owner, `user` or `user:group`. */
  user?: string;
  /** Permission bits, octal: `0755`. */
  mode?: string;
  /**
   * Send the files even if the service has them, and do not reuse the layer.
   *
   * @default false
   */
  forceUpload?: boolean;
}
/** Copies several files or folders of the context, each to its own destination. */
export interface CopyItemsStepArgs {
  /** Always `copy_items`: it tells the kinds apart. */
  kind: "copy_items";
  /** What goes where. */
  items: pulumi.Input<pulumi.Input<CopyItemArgs>[]>;
}
/** Copies several files or folders of the context, each to its own destination. */
export interface CopyItemsStep {
  /** Always `copy_items`: it tells the kinds apart. */
  kind: "copy_items";
  /** What goes where. */
  items: Array<CopyItem>;
}
/** Files or folders, and where they go. */
export interface CopyItemArgs {
  /** Files or folders, relative to `context` and inside it. `contextHash` covers their contents. */
  sources: pulumi.Input<pulumi.Input<string>[]>;
  /** Path in the image; a trailing slash makes it a folder. */
  dst: pulumi.Input<string>;
  /** Owner, `user` or `user:group`. */
  user?: pulumi.Input<string>;
  /** Permission bits, octal: `0755`. */
  mode?: pulumi.Input<string>;
  /**
   * Send the files even if the service has them, and do not reuse the layer.
   *
   * @default false
   */
  forceUpload?: pulumi.Input<boolean>;
}
/** Files or folders, and where they go. */
export interface CopyItem {
  /** Files or folders, relative to `context` and inside it. `contextHash` covers their contents. */
  sources: Array<string>;
  /** Path in the image; a trailing slash makes it a folder. */
  dst: string;
  /** Owner, `user` or `user:group`. */
  user?: string;
  /** Permission bits, octal: `0755`. */
  mode?: string;
  /**
   * Send the files even if the service has them, and do not reuse the layer.
   *
   * @default false
   */
  forceUpload?: boolean;
}
/** Removes a file or folder. */
export interface RemoveStepArgs {
  /** Always `remove`: it tells the kinds apart. */
  kind: "remove";
  /** What to remove, in the image. */
  path: pulumi.Input<string>;
  /**
   * Including everything below it.
   *
   * @default false
   */
  recursive?: pulumi.Input<boolean>;
  /**
   * Even if it does not exist.
   *
   * @default false
   */
  force?: pulumi.Input<boolean>;
}
/** Removes a file or folder. */
export interface RemoveStep {
  /** Always `remove`: it tells the kinds apart. */
  kind: "remove";
  /** What to remove, in the image. */
  path: string;
  /**
   * Including everything below it.
   *
   * @default false
   */
  recursive?: boolean;
  /**
   * Even if it does not exist.
   *
   * @default false
   */
  force?: boolean;
}
/** Renames or moves a file or folder. */
export interface RenameStepArgs {
  /** Always `rename`: it tells the kinds apart. */
  kind: "rename";
  /** What to rename, in the image. */
  src: pulumi.Input<string>;
  /** Its new path. */
  dst: pulumi.Input<string>;
  /**
   * Replace an existing file or folder.
   *
   * @default false
   */
  force?: pulumi.Input<boolean>;
}
/** Renames or moves a file or folder. */
export interface RenameStep {
  /** Always `rename`: it tells the kinds apart. */
  kind: "rename";
  /** What to rename, in the image. */
  src: string;
  /** Its new path. */
  dst: string;
  /**
   * Replace an existing file or folder.
   *
   * @default false
   */
  force?: boolean;
}
/** Creates a folder. */
export interface MakeDirStepArgs {
  /** Always `make_dir`: it tells the kinds apart. */
  kind: "make_dir";
  /** The folder, in the image; missing parent folders are created as well. */
  path: pulumi.Input<string>;
  /** Permission bits, octal: `0755`. */
  mode?: pulumi.Input<string>;
}
/** Creates a folder. */
export interface MakeDirStep {
  /** Always `make_dir`: it tells the kinds apart. */
  kind: "make_dir";
  /** The folder, in the image; missing parent folders are created as well. */
  path: string;
  /** Permission bits, octal: `0755`. */
  mode?: string;
}
/** Creates a symbolic link. */
export interface MakeSymlinkStepArgs {
  /** Always `make_symlink`: it tells the kinds apart. */
  kind: "make_symlink";
  /** What the link points at. */
  target: pulumi.Input<string>;
  /** Where the link is, in the image. */
  path: pulumi.Input<string>;
}
/** Creates a symbolic link. */
export interface MakeSymlinkStep {
  /** Always `make_symlink`: it tells the kinds apart. */
  kind: "make_symlink";
  /** What the link points at. */
  target: string;
  /** Where the link is, in the image. */
  path: string;
}
/** Clones a Git repository. */
export interface GitCloneStepArgs {
  /** Always `git_clone`: it tells the kinds apart. */
  kind: "git_clone";
  /** Address of the repository. */
  url: pulumi.Input<string>;
  /**
   * Destination, in the image.
   *
   * @default `/workspace`
   */
  path?: pulumi.Input<string>;
  /**
   * Branch or tag.
   *
   * @default that of the repository
   */
  branch?: pulumi.Input<string>;
  /**
   * Fetch only this many commits.
   *
   * @default all
   */
  depth?: pulumi.Input<number>;
}
/** Clones a Git repository. */
export interface GitCloneStep {
  /** Always `git_clone`: it tells the kinds apart. */
  kind: "git_clone";
  /** Address of the repository. */
  url: string;
  /**
   * Destination, in the image.
   *
   * @default `/workspace`
   */
  path?: string;
  /**
   * Branch or tag.
   *
   * @default that of the repository
   */
  branch?: string;
  /**
   * Fetch only this many commits.
   *
   * @default all
   */
  depth?: number;
}
/** The following steps reuse no layers. */
export interface SkipCacheStepArgs {
  /** Always `skip_cache`: it tells the kinds apart. */
  kind: "skip_cache";
}
/** The following steps reuse no layers. */
export interface SkipCacheStep {
  /** Always `skip_cache`: it tells the kinds apart. */
  kind: "skip_cache";
}
/** Ready when a TCP port of the machine accepts connections. */
export interface TcpReadinessArgs {
  /** Always `tcp`: it tells the kinds apart. */
  kind: "tcp";
  /** Port that accepts connections. */
  port: pulumi.Input<number>;
  /**
   * Give up after this many seconds.
   *
   * @default 30
   */
  timeoutSecs?: pulumi.Input<number>;
  /**
   * Milliseconds between two attempts.
   *
   * @default 500
   */
  intervalMs?: pulumi.Input<number>;
  /**
   * Extra seconds at the start, during which failures do not count; attempts begin at once.
   *
   * @default 2
   */
  startupGraceSecs?: pulumi.Input<number>;
}
/** Ready when a TCP port of the machine accepts connections. */
export interface TcpReadiness {
  /** Always `tcp`: it tells the kinds apart. */
  kind: "tcp";
  /** Port that accepts connections. */
  port: number;
  /**
   * Give up after this many seconds.
   *
   * @default 30
   */
  timeoutSecs: number;
  /**
   * Milliseconds between two attempts.
   *
   * @default 500
   */
  intervalMs: number;
  /**
   * Extra seconds at the start, during which failures do not count; attempts begin at once.
   *
   * @default 2
   */
  startupGraceSecs: number;
}
/** Ready when an HTTP request to the machine succeeds. */
export interface HttpReadinessArgs {
  /** Always `http`: it tells the kinds apart. */
  kind: "http";
  /** Port of the HTTP server. */
  port: pulumi.Input<number>;
  /**
   * Path to request.
   *
   * @default `/`
   */
  path?: pulumi.Input<string>;
  /**
   * Give up after this many seconds.
   *
   * @default 30
   */
  timeoutSecs?: pulumi.Input<number>;
  /**
   * Milliseconds between two attempts.
   *
   * @default 500
   */
  intervalMs?: pulumi.Input<number>;
  /**
   * Extra seconds at the start, during which failures do not count; attempts begin at once.
   *
   * @default 2
   */
  startupGraceSecs?: pulumi.Input<number>;
}
/** Ready when an HTTP request to the machine succeeds. */
export interface HttpReadiness {
  /** Always `http`: it tells the kinds apart. */
  kind: "http";
  /** Port of the HTTP server. */
  port: number;
  /**
   * Path to request.
   *
   * @default `/`
   */
  path: string;
  /**
   * Give up after this many seconds.
   *
   * @default 30
   */
  timeoutSecs: number;
  /**
   * Milliseconds between two attempts.
   *
   * @default 500
   */
  intervalMs: number;
  /**
   * Extra seconds at the start, during which failures do not count; attempts begin at once.
   *
   * @default 2
   */
  startupGraceSecs: number;
}
/** Ready when a command in the machine succeeds. */
export interface CommandReadinessArgs {
  /** Always `command`: it tells the kinds apart. */
  kind: "command";
  /** Shell command; exit code 0 means ready. */
  command: pulumi.Input<string>;
  /**
   * Give up after this many seconds.
   *
   * @default 30
   */
  timeoutSecs?: pulumi.Input<number>;
  /**
   * Milliseconds between two attempts.
   *
   * @default 500
   */
  intervalMs?: pulumi.Input<number>;
  /**
   * Extra seconds at the start, during which failures do not count; attempts begin at once.
   *
   * @default 2
   */
  startupGraceSecs?: pulumi.Input<number>;
}
/** Ready when a command in the machine succeeds. */
export interface CommandReadiness {
  /** Always `command`: it tells the kinds apart. */
  kind: "command";
  /** Shell command; exit code 0 means ready. */
  command: string;
  /**
   * Give up after this many seconds.
   *
   * @default 30
   */
  timeoutSecs: number;
  /**
   * Milliseconds between two attempts.
   *
   * @default 500
   */
  intervalMs: number;
  /**
   * Extra seconds at the start, during which failures do not count; attempts begin at once.
   *
   * @default 2
   */
  startupGraceSecs: number;
}
/** Ready after a fixed time. */
export interface TimeoutReadinessArgs {
  /** Always `timeout`: it tells the kinds apart. */
  kind: "timeout";
  /** Milliseconds to wait. */
  timeoutMs: pulumi.Input<number>;
}
/** Ready after a fixed time. */
export interface TimeoutReadiness {
  /** Always `timeout`: it tells the kinds apart. */
  kind: "timeout";
  /** Milliseconds to wait. */
  timeoutMs: number;
}
/** Credentials of one private registry. */
export interface RegistryAuthArgs {
  /** Host of the registry, as the Dockerfile spells it. */
  registry: pulumi.Input<string>;
  /** How to log in there. */
  auth: pulumi.Input<BasicAuthArgs | GcpArtifactRegistryAuthArgs | AwsEcrAuthArgs>;
}
/** Credentials of one private registry. */
export interface RegistryAuth {
  /** Host of the registry, as the Dockerfile spells it. */
  registry: string;
  /** How to log in there. */
  auth: BasicAuth | GcpArtifactRegistryAuth | AwsEcrAuth;
}
/** User name and password. */
export interface BasicAuthArgs {
  /** Always `basic`: it tells the kinds apart. */
  kind: "basic";
  /** User name. */
  username: pulumi.Input<string>;
  /** Password or token. */
  password: pulumi.Input<string>;
}
/** User name and password. */
export interface BasicAuth {
  /** Always `basic`: it tells the kinds apart. */
  kind: "basic";
  /** User name. */
  username: string;
  /** Password or token. */
  password: string;
}
/** Google Artifact Registry, with a service account. */
export interface GcpArtifactRegistryAuthArgs {
  /** Always `gcp_artifact_registry`: it tells the kinds apart. */
  kind: "gcp_artifact_registry";
  /** JSON text of the service account key. */
  serviceAccountJson: pulumi.Input<string>;
}
/** Google Artifact Registry, with a service account. */
export interface GcpArtifactRegistryAuth {
  /** Always `gcp_artifact_registry`: it tells the kinds apart. */
  kind: "gcp_artifact_registry";
  /** JSON text of the service account key. */
  serviceAccountJson: string;
}
/** Amazon Elastic Container Registry, with an access key. */
export interface AwsEcrAuthArgs {
  /** Always `aws_ecr`: it tells the kinds apart. */
  kind: "aws_ecr";
  /** Access key id. */
  accessKeyId: pulumi.Input<string>;
  /** Secret access key. */
  secretAccessKey: pulumi.Input<string>;
  /** Region of the registry. */
  region: pulumi.Input<string>;
  /** Session token of temporary credentials. */
  sessionToken?: pulumi.Input<string>;
}
/** Amazon Elastic Container Registry, with an access key. */
export interface AwsEcrAuth {
  /** Always `aws_ecr`: it tells the kinds apart. */
  kind: "aws_ecr";
  /** Access key id. */
  accessKeyId: string;
  /** Secret access key. */
  secretAccessKey: string;
  /** Region of the registry. */
  region: string;
  /** Session token of temporary credentials. */
  sessionToken?: string;
}
/** A build that has not become the live one (yet). */
export interface BuildAttemptArgs {
  /** Id of the build, `tb_…`. */
  buildId: pulumi.Input<string>;
  /** Digest of the inputs that it builds from. */
  definition: pulumi.Input<string>;
}
/** A build that has not become the live one (yet). */
export interface BuildAttempt {
  /** Id of the build, `tb_…`. */
  buildId: string;
  /** Digest of the inputs that it builds from. */
  definition: string;
}
/** What was known about an imported template. */
export interface ImportedTemplateArgs {
  /** Inputs that the service reported: they are compared with those of the program. */
  inputs: pulumi.Input<pulumi.Input<string>[]>;
  /** Names of the environment variables; absent if it did not report them. */
  envKeys?: pulumi.Input<pulumi.Input<string>[]>;
}
/** What was known about an imported template. */
export interface ImportedTemplate {
  /** Inputs that the service reported: they are compared with those of the program. */
  inputs: Array<string>;
  /** Names of the environment variables; absent if it did not report them. */
  envKeys?: Array<string>;
}
/** Inputs of a {@link Template}. */
export interface TemplateArgs {
  /**
   * Name of the template in your namespace: one segment. Changing it renames the template in place; the old name remains as an alias.
   *
   * @default made from the resource's name, as Pulumi's automatic naming is configured
   */
  name?: pulumi.Input<string>;
  /**
   * Namespace of the template. It has to be that of the API key, in which the service builds everything: with a key of another namespace nothing is built, and the preview already says so.
   *
   * @default the key's own; always present as an output
   */
  namespace?: pulumi.Input<string>;
  /**
   * Folder of the build context, relative to the program's folder; with `steps`, the folder that files are copied from.
   *
   * @default `.`
   */
  context?: pulumi.Input<string>;
  /**
   * Path of the Dockerfile, relative to the context; it may be outside of it.
   *
   * @default `Dockerfile`, unless `image` or `fromTemplate` is given
   */
  dockerfile?: pulumi.Input<string>;
  /** Text of the Dockerfile, instead of a file. */
  dockerfileContent?: pulumi.Input<string>;
  /**
   * How the ignore file is read: with Docker's rules or with Git's.
   *
   * @default `docker`
   */
  ignoreSyntax?: pulumi.Input<"docker" | "gitignore">;
  /** Additional ignore patterns, after those of the ignore file. */
  ignorePatterns?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * What to do with symbolic links in the context, which the service cannot store: send what they point to, as long as that is inside the context (`copy`), leave them out with a warning (`skip`), or refuse them (`error`). A link that points outside the context is never followed: it is an error, unless links are left out.
   *
   * @default `copy`
   */
  symlinks?: pulumi.Input<"copy" | "skip" | "error">;
  /** Image to build on, such as `python:3.12-slim`, instead of a Dockerfile. It is not looked up in a preview: when its tag moves, there is a new build only once this input or `triggers` changes. */
  image?: pulumi.Input<string>;
  /** Template to build on, instead of a Dockerfile: `namespace/name`, optionally with a tag or a build after a colon. To follow another template of the program, name its build: `${base.canonicalRef}:${base.buildId}`. A bare name means your own template, or else a builtin one. */
  fromTemplate?: pulumi.Input<string>;
  /** Steps on top of `image` or `fromTemplate`, in this order. */
  steps?: pulumi.Input<
    pulumi.Input<
      | AptInstallStepArgs
      | PipInstallStepArgs
      | NpmInstallStepArgs
      | BunInstallStepArgs
      | RunStepArgs
      | WorkdirStepArgs
      | UserStepArgs
      | CopyStepArgs
      | CopyItemsStepArgs
      | RemoveStepArgs
      | RenameStepArgs
      | MakeDirStepArgs
      | MakeSymlinkStepArgs
      | GitCloneStepArgs
      | SkipCacheStepArgs
    >[]
  >;
  /** Content hash of the build context, Dockerfile included, or of the files that `steps` copy: a new hash means a new build. Computed from the files if it is not given; pin it with the option `ignoreChanges`. The first update after an import assumes that the template was built from the files that are there. */
  contextHash?: pulumi.Input<string>;
  /** Short digests of the files behind `contextHash`, by path, so that a preview shows what changed. Computed; in a large context, files are grouped by folder. */
  contextFiles?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Environment variables of the build, which machines do not get. The service stores them, so put no secrets here. */
  buildEnv?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Values of the Dockerfile's `ARG`s. The service stores them, so put no secrets here. */
  buildArgs?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Images that the Dockerfile can refer to by name, each given as `docker-image://python:3.12-slim`: in `COPY --from=name`, `RUN --mount=from=name` and `FROM name`. They are sent to the service as stages before the Dockerfile's own, so no stage may have the name of a context, and stages cannot be referred to by number. Folders and URLs are refused. */
  contexts?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /**
   * Stage of the Dockerfile to build.
   *
   * @default the last
   */
  target?: pulumi.Input<string>;
  /** Command that is started at the end of the build; machines start from that running state. */
  startCmd?: pulumi.Input<string>;
  /** How to know that the start command is ready. */
  readiness?: pulumi.Input<TcpReadinessArgs | HttpReadinessArgs | CommandReadinessArgs | TimeoutReadinessArgs>;
  /**
   * Virtual CPUs of the build and of machines.
   *
   * @default 2
   */
  vcpus?: pulumi.Input<number>;
  /**
   * Memory of the build and of machines, MiB.
   *
   * @default 512
   */
  memoryMib?: pulumi.Input<number>;
  /**
   * Minimum size of the root filesystem, MB.
   *
   * @default what the image needs plus some headroom
   */
  diskMb?: pulumi.Input<number>;
  /**
   * Whether the build may use the internet.
   *
   * @default true
   */
  internetAccess?: pulumi.Input<boolean>;
  /** Environment variables of machines. */
  env?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** User that commands in machines run as. */
  user?: pulumi.Input<string>;
  /** Folder that commands in machines start in. */
  workdir?: pulumi.Input<string>;
  /** Arbitrary values; a change of one means a new build. */
  triggers?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /**
   * Tags that point at the newest good build of this resource.
   *
   * @default `default`
   */
  tags?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Who may use the template.
   *
   * @default `private`
   */
  visibility?: pulumi.Input<"private" | "public">;
  /**
   * How many good builds of this resource to keep, the live one among them: when a new one has gone live, older ones that no tag points at are deleted.
   *
   * @default as long as the service keeps them
   */
  keepBuilds?: pulumi.Input<number>;
  /**
   * What happens to the template when the resource is deleted: it is deleted as well, or it stays at the service with its builds and tags.
   *
   * @default `delete`
   */
  deletionPolicy?: pulumi.Input<"delete" | "retain">;
  /** Secrets by id, for `RUN --mount=type=secret`. Never stored by the service. A change does not cause a build, unless `rebuildOnSecretChange` is set. */
  buildSecrets?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Credentials of the private registries that the Dockerfile or `image` names. A change does not cause a build, unless `rebuildOnSecretChange` is set. */
  registryAuth?: pulumi.Input<pulumi.Input<RegistryAuthArgs>[]>;
  /**
   * Whether a change of `buildSecrets` or `registryAuth` means a new build without the cache: a builder does not look at secrets when it decides what to reuse.
   *
   * @default false
   */
  rebuildOnSecretChange?: pulumi.Input<boolean>;
  /**
   * Builds use no cache. A change does not cause a build.
   *
   * @default false
   */
  skipCache?: pulumi.Input<boolean>;
  /**
   * Take over a template of this name that exists already, whoever created it, and change it to what the program says. From then on it belongs to this resource, and is deleted with it. Only used when the resource is created.
   *
   * @default false
   */
  adopt?: pulumi.Input<boolean>;
}
/** What may be given to look up a {@link Template} by its ID. */
export interface TemplateState {
  /**
   * Name of the template in your namespace: one segment. Changing it renames the template in place; the old name remains as an alias.
   *
   * @default made from the resource's name, as Pulumi's automatic naming is configured
   */
  name?: pulumi.Input<string>;
  /**
   * Namespace of the template. It has to be that of the API key, in which the service builds everything: with a key of another namespace nothing is built, and the preview already says so.
   *
   * @default the key's own; always present as an output
   */
  namespace?: pulumi.Input<string>;
  /**
   * Folder of the build context, relative to the program's folder; with `steps`, the folder that files are copied from.
   *
   * @default `.`
   */
  context?: pulumi.Input<string>;
  /**
   * Path of the Dockerfile, relative to the context; it may be outside of it.
   *
   * @default `Dockerfile`, unless `image` or `fromTemplate` is given
   */
  dockerfile?: pulumi.Input<string>;
  /** Text of the Dockerfile, instead of a file. */
  dockerfileContent?: pulumi.Input<string>;
  /**
   * How the ignore file is read: with Docker's rules or with Git's.
   *
   * @default `docker`
   */
  ignoreSyntax?: pulumi.Input<"docker" | "gitignore">;
  /** Additional ignore patterns, after those of the ignore file. */
  ignorePatterns?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * What to do with symbolic links in the context, which the service cannot store: send what they point to, as long as that is inside the context (`copy`), leave them out with a warning (`skip`), or refuse them (`error`). A link that points outside the context is never followed: it is an error, unless links are left out.
   *
   * @default `copy`
   */
  symlinks?: pulumi.Input<"copy" | "skip" | "error">;
  /** Image to build on, such as `python:3.12-slim`, instead of a Dockerfile. It is not looked up in a preview: when its tag moves, there is a new build only once this input or `triggers` changes. */
  image?: pulumi.Input<string>;
  /** Template to build on, instead of a Dockerfile: `namespace/name`, optionally with a tag or a build after a colon. To follow another template of the program, name its build: `${base.canonicalRef}:${base.buildId}`. A bare name means your own template, or else a builtin one. */
  fromTemplate?: pulumi.Input<string>;
  /** Steps on top of `image` or `fromTemplate`, in this order. */
  steps?: pulumi.Input<
    pulumi.Input<
      | AptInstallStepArgs
      | PipInstallStepArgs
      | NpmInstallStepArgs
      | BunInstallStepArgs
      | RunStepArgs
      | WorkdirStepArgs
      | UserStepArgs
      | CopyStepArgs
      | CopyItemsStepArgs
      | RemoveStepArgs
      | RenameStepArgs
      | MakeDirStepArgs
      | MakeSymlinkStepArgs
      | GitCloneStepArgs
      | SkipCacheStepArgs
    >[]
  >;
  /** Content hash of the build context, Dockerfile included, or of the files that `steps` copy: a new hash means a new build. Computed from the files if it is not given; pin it with the option `ignoreChanges`. The first update after an import assumes that the template was built from the files that are there. */
  contextHash?: pulumi.Input<string>;
  /** Short digests of the files behind `contextHash`, by path, so that a preview shows what changed. Computed; in a large context, files are grouped by folder. */
  contextFiles?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Environment variables of the build, which machines do not get. The service stores them, so put no secrets here. */
  buildEnv?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Values of the Dockerfile's `ARG`s. The service stores them, so put no secrets here. */
  buildArgs?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Images that the Dockerfile can refer to by name, each given as `docker-image://python:3.12-slim`: in `COPY --from=name`, `RUN --mount=from=name` and `FROM name`. They are sent to the service as stages before the Dockerfile's own, so no stage may have the name of a context, and stages cannot be referred to by number. Folders and URLs are refused. */
  contexts?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /**
   * Stage of the Dockerfile to build.
   *
   * @default the last
   */
  target?: pulumi.Input<string>;
  /** Command that is started at the end of the build; machines start from that running state. */
  startCmd?: pulumi.Input<string>;
  /** How to know that the start command is ready. */
  readiness?: pulumi.Input<TcpReadinessArgs | HttpReadinessArgs | CommandReadinessArgs | TimeoutReadinessArgs>;
  /**
   * Virtual CPUs of the build and of machines.
   *
   * @default 2
   */
  vcpus?: pulumi.Input<number>;
  /**
   * Memory of the build and of machines, MiB.
   *
   * @default 512
   */
  memoryMib?: pulumi.Input<number>;
  /**
   * Minimum size of the root filesystem, MB.
   *
   * @default what the image needs plus some headroom
   */
  diskMb?: pulumi.Input<number>;
  /**
   * Whether the build may use the internet.
   *
   * @default true
   */
  internetAccess?: pulumi.Input<boolean>;
  /** Environment variables of machines. */
  env?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** User that commands in machines run as. */
  user?: pulumi.Input<string>;
  /** Folder that commands in machines start in. */
  workdir?: pulumi.Input<string>;
  /** Arbitrary values; a change of one means a new build. */
  triggers?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /**
   * Tags that point at the newest good build of this resource.
   *
   * @default `default`
   */
  tags?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Who may use the template.
   *
   * @default `private`
   */
  visibility?: pulumi.Input<"private" | "public">;
  /**
   * How many good builds of this resource to keep, the live one among them: when a new one has gone live, older ones that no tag points at are deleted.
   *
   * @default as long as the service keeps them
   */
  keepBuilds?: pulumi.Input<number>;
  /**
   * What happens to the template when the resource is deleted: it is deleted as well, or it stays at the service with its builds and tags.
   *
   * @default `delete`
   */
  deletionPolicy?: pulumi.Input<"delete" | "retain">;
  /** Secrets by id, for `RUN --mount=type=secret`. Never stored by the service. A change does not cause a build, unless `rebuildOnSecretChange` is set. */
  buildSecrets?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Credentials of the private registries that the Dockerfile or `image` names. A change does not cause a build, unless `rebuildOnSecretChange` is set. */
  registryAuth?: pulumi.Input<pulumi.Input<RegistryAuthArgs>[]>;
  /**
   * Whether a change of `buildSecrets` or `registryAuth` means a new build without the cache: a builder does not look at secrets when it decides what to reuse.
   *
   * @default false
   */
  rebuildOnSecretChange?: pulumi.Input<boolean>;
  /**
   * Builds use no cache. A change does not cause a build.
   *
   * @default false
   */
  skipCache?: pulumi.Input<boolean>;
  /**
   * Take over a template of this name that exists already, whoever created it, and change it to what the program says. From then on it belongs to this resource, and is deleted with it. Only used when the resource is created.
   *
   * @default false
   */
  adopt?: pulumi.Input<boolean>;
  /** Current `namespace/name` of the template. */
  canonicalRef?: pulumi.Input<string>;
  /** The newest good build, `tb_…`: promote this one to other stacks. */
  buildId?: pulumi.Input<string>;
  /** What that build produced, `tmpl_…`. */
  templateId?: pulumi.Input<string>;
  /** How the newest build of this resource ended: `ready`, or why there is nothing newer than `buildId`. */
  status?: pulumi.Input<string>;
  /** The service's digest of what `buildId` was built from. */
  sourceDigest?: pulumi.Input<string>;
  /** The service's digest of the build context of `buildId`. */
  contextDigest?: pulumi.Input<string>;
  /** The build that the next update continues with; absent if the newest one is live. */
  attempt?: pulumi.Input<BuildAttemptArgs>;
  /** What the service reported about it when it was imported; absent after the first update. */
  imported?: pulumi.Input<ImportedTemplateArgs>;
  /** The service that the resource belongs to. If the provider is configured for another one, previews say so, and nothing is changed or dropped from the state. */
  service?: pulumi.Input<ServiceRecordArgs>;
}
/** What a {@link Template} has. */
export interface TemplateOutputs {
  /**
   * Name of the template in your namespace: one segment. Changing it renames the template in place; the old name remains as an alias.
   *
   * @default made from the resource's name, as Pulumi's automatic naming is configured
   */
  readonly name: pulumi.Output<string>;
  /**
   * Namespace of the template. It has to be that of the API key, in which the service builds everything: with a key of another namespace nothing is built, and the preview already says so.
   *
   * @default the key's own; always present as an output
   */
  readonly namespace: pulumi.Output<string>;
  /**
   * Folder of the build context, relative to the program's folder; with `steps`, the folder that files are copied from.
   *
   * @default `.`
   */
  readonly context: pulumi.Output<string>;
  /**
   * Path of the Dockerfile, relative to the context; it may be outside of it.
   *
   * @default `Dockerfile`, unless `image` or `fromTemplate` is given
   */
  readonly dockerfile: pulumi.Output<string | undefined>;
  /** Text of the Dockerfile, instead of a file. */
  readonly dockerfileContent: pulumi.Output<string | undefined>;
  /**
   * How the ignore file is read: with Docker's rules or with Git's.
   *
   * @default `docker`
   */
  readonly ignoreSyntax: pulumi.Output<"docker" | "gitignore">;
  /** Additional ignore patterns, after those of the ignore file. */
  readonly ignorePatterns: pulumi.Output<Array<string> | undefined>;
  /**
   * What to do with symbolic links in the context, which the service cannot store: send what they point to, as long as that is inside the context (`copy`), leave them out with a warning (`skip`), or refuse them (`error`). A link that points outside the context is never followed: it is an error, unless links are left out.
   *
   * @default `copy`
   */
  readonly symlinks: pulumi.Output<"copy" | "skip" | "error">;
  /** Image to build on, such as `python:3.12-slim`, instead of a Dockerfile. It is not looked up in a preview: when its tag moves, there is a new build only once this input or `triggers` changes. */
  readonly image: pulumi.Output<string | undefined>;
  /** Template to build on, instead of a Dockerfile: `namespace/name`, optionally with a tag or a build after a colon. To follow another template of the program, name its build: `${base.canonicalRef}:${base.buildId}`. A bare name means your own template, or else a builtin one. */
  readonly fromTemplate: pulumi.Output<string | undefined>;
  /** Steps on top of `image` or `fromTemplate`, in this order. */
  readonly steps: pulumi.Output<
    | Array<
        | AptInstallStep
        | PipInstallStep
        | NpmInstallStep
        | BunInstallStep
        | RunStep
        | WorkdirStep
        | UserStep
        | CopyStep
        | CopyItemsStep
        | RemoveStep
        | RenameStep
        | MakeDirStep
        | MakeSymlinkStep
        | GitCloneStep
        | SkipCacheStep
      >
    | undefined
  >;
  /** Content hash of the build context, Dockerfile included, or of the files that `steps` copy: a new hash means a new build. Computed from the files if it is not given; pin it with the option `ignoreChanges`. The first update after an import assumes that the template was built from the files that are there. */
  readonly contextHash: pulumi.Output<string>;
  /** Short digests of the files behind `contextHash`, by path, so that a preview shows what changed. Computed; in a large context, files are grouped by folder. */
  readonly contextFiles: pulumi.Output<{ [key: string]: string } | undefined>;
  /** Environment variables of the build, which machines do not get. The service stores them, so put no secrets here. */
  readonly buildEnv: pulumi.Output<{ [key: string]: string } | undefined>;
  /** Values of the Dockerfile's `ARG`s. The service stores them, so put no secrets here. */
  readonly buildArgs: pulumi.Output<{ [key: string]: string } | undefined>;
  /** Images that the Dockerfile can refer to by name, each given as `docker-image://python:3.12-slim`: in `COPY --from=name`, `RUN --mount=from=name` and `FROM name`. They are sent to the service as stages before the Dockerfile's own, so no stage may have the name of a context, and stages cannot be referred to by number. Folders and URLs are refused. */
  readonly contexts: pulumi.Output<{ [key: string]: string } | undefined>;
  /**
   * Stage of the Dockerfile to build.
   *
   * @default the last
   */
  readonly target: pulumi.Output<string | undefined>;
  /** Command that is started at the end of the build; machines start from that running state. */
  readonly startCmd: pulumi.Output<string | undefined>;
  /** How to know that the start command is ready. */
  readonly readiness: pulumi.Output<TcpReadiness | HttpReadiness | CommandReadiness | TimeoutReadiness | undefined>;
  /**
   * Virtual CPUs of the build and of machines.
   *
   * @default 2
   */
  readonly vcpus: pulumi.Output<number>;
  /**
   * Memory of the build and of machines, MiB.
   *
   * @default 512
   */
  readonly memoryMib: pulumi.Output<number>;
  /**
   * Minimum size of the root filesystem, MB.
   *
   * @default what the image needs plus some headroom
   */
  readonly diskMb: pulumi.Output<number | undefined>;
  /**
   * Whether the build may use the internet.
   *
   * @default true
   */
  readonly internetAccess: pulumi.Output<boolean>;
  /** Environment variables of machines. */
  readonly env: pulumi.Output<{ [key: string]: string } | undefined>;
  /** User that commands in machines run as. */
  readonly user: pulumi.Output<string | undefined>;
  /** Folder that commands in machines start in. */
  readonly workdir: pulumi.Output<string | undefined>;
  /** Arbitrary values; a change of one means a new build. */
  readonly triggers: pulumi.Output<{ [key: string]: string } | undefined>;
  /**
   * Tags that point at the newest good build of this resource.
   *
   * @default `default`
   */
  readonly tags: pulumi.Output<Array<string>>;
  /**
   * Who may use the template.
   *
   * @default `private`
   */
  readonly visibility: pulumi.Output<"private" | "public">;
  /**
   * How many good builds of this resource to keep, the live one among them: when a new one has gone live, older ones that no tag points at are deleted.
   *
   * @default as long as the service keeps them
   */
  readonly keepBuilds: pulumi.Output<number | undefined>;
  /**
   * What happens to the template when the resource is deleted: it is deleted as well, or it stays at the service with its builds and tags.
   *
   * @default `delete`
   */
  readonly deletionPolicy: pulumi.Output<"delete" | "retain">;
  /** Secrets by id, for `RUN --mount=type=secret`. Never stored by the service. A change does not cause a build, unless `rebuildOnSecretChange` is set. */
  readonly buildSecrets: pulumi.Output<{ [key: string]: string } | undefined>;
  /** Credentials of the private registries that the Dockerfile or `image` names. A change does not cause a build, unless `rebuildOnSecretChange` is set. */
  readonly registryAuth: pulumi.Output<Array<RegistryAuth> | undefined>;
  /**
   * Whether a change of `buildSecrets` or `registryAuth` means a new build without the cache: a builder does not look at secrets when it decides what to reuse.
   *
   * @default false
   */
  readonly rebuildOnSecretChange: pulumi.Output<boolean>;
  /**
   * Builds use no cache. A change does not cause a build.
   *
   * @default false
   */
  readonly skipCache: pulumi.Output<boolean>;
  /**
   * Take over a template of this name that exists already, whoever created it, and change it to what the program says. From then on it belongs to this resource, and is deleted with it. Only used when the resource is created.
   *
   * @default false
   */
  readonly adopt: pulumi.Output<boolean>;
  /** Current `namespace/name` of the template. */
  readonly canonicalRef: pulumi.Output<string>;
  /** The newest good build, `tb_…`: promote this one to other stacks. */
  readonly buildId: pulumi.Output<string>;
  /** What that build produced, `tmpl_…`. */
  readonly templateId: pulumi.Output<string>;
  /** How the newest build of this resource ended: `ready`, or why there is nothing newer than `buildId`. */
  readonly status: pulumi.Output<string>;
  /** The service's digest of what `buildId` was built from. */
  readonly sourceDigest: pulumi.Output<string | undefined>;
  /** The service's digest of the build context of `buildId`. */
  readonly contextDigest: pulumi.Output<string | undefined>;
  /** The build that the next update continues with; absent if the newest one is live. */
  readonly attempt: pulumi.Output<BuildAttempt | undefined>;
  /** What the service reported about it when it was imported; absent after the first update. */
  readonly imported: pulumi.Output<ImportedTemplate | undefined>;
  /** The service that the resource belongs to. If the provider is configured for another one, previews say so, and nothing is changed or dropped from the state. */
  readonly service: pulumi.Output<ServiceRecord | undefined>;
}
/** Names of the properties of a {@link Template}. @internal */
export const TEMPLATE_PROPERTIES: ResourceProperties = {
  inputs: [
    "name",
    "namespace",
    "context",
    "dockerfile",
    "dockerfileContent",
    "ignoreSyntax",
    "ignorePatterns",
    "symlinks",
    "image",
    "fromTemplate",
    "steps",
    "contextHash",
    "contextFiles",
    "buildEnv",
    "buildArgs",
    "contexts",
    "target",
    "startCmd",
    "readiness",
    "vcpus",
    "memoryMib",
    "diskMb",
    "internetAccess",
    "env",
    "user",
    "workdir",
    "triggers",
    "tags",
    "visibility",
    "keepBuilds",
    "deletionPolicy",
    "buildSecrets",
    "registryAuth",
    "rebuildOnSecretChange",
    "skipCache",
    "adopt",
  ],
  outputs: [
    "canonicalRef",
    "buildId",
    "templateId",
    "status",
    "sourceDigest",
    "contextDigest",
    "attempt",
    "imported",
    "service",
  ],
  secrets: ["buildSecrets", "registryAuth", "sourceDigest", "attempt"],
};
