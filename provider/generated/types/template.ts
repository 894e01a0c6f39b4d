// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import type { ResourceProperties } from "../../classes/resource-properties.ts";
import type { ServiceRecordArgs, ServiceRecord } from "./shared-objects.ts";
/** Ready when a TCP port of the machine accepts connections. */
export interface TcpReadinessArgs {
  kind: "tcp";
  /** Port that accepts connections. */
  port: pulumi.Input<number>;
  /** Give up after this many seconds. Default 30. */
  timeoutSecs?: pulumi.Input<number>;
  /** Milliseconds between two tries. Default 500. */
  intervalMs?: pulumi.Input<number>;
  /** Seconds before the first try. Default 2. */
  startupGraceSecs?: pulumi.Input<number>;
}
/** Ready when a TCP port of the machine accepts connections. */
export interface TcpReadiness {
  kind: "tcp";
  /** Port that accepts connections. */
  port: number;
  /** Give up after this many seconds. Default 30. */
  timeoutSecs: number;
  /** Milliseconds between two tries. Default 500. */
  intervalMs: number;
  /** Seconds before the first try. Default 2. */
  startupGraceSecs: number;
}
/** Ready when an HTTP request to the machine succeeds. */
export interface HttpReadinessArgs {
  kind: "http";
  /** Port of the HTTP server. */
  port: pulumi.Input<number>;
  /** Path to ask for. Default `/`. */
  path?: pulumi.Input<string>;
  /** Give up after this many seconds. Default 30. */
  timeoutSecs?: pulumi.Input<number>;
  /** Milliseconds between two tries. Default 500. */
  intervalMs?: pulumi.Input<number>;
  /** Seconds before the first try. Default 2. */
  startupGraceSecs?: pulumi.Input<number>;
}
/** Ready when an HTTP request to the machine succeeds. */
export interface HttpReadiness {
  kind: "http";
  /** Port of the HTTP server. */
  port: number;
  /** Path to ask for. Default `/`. */
  path: string;
  /** Give up after this many seconds. Default 30. */
  timeoutSecs: number;
  /** Milliseconds between two tries. Default 500. */
  intervalMs: number;
  /** Seconds before the first try. Default 2. */
  startupGraceSecs: number;
}
/** Ready when a command in the machine succeeds. */
export interface CommandReadinessArgs {
  kind: "command";
  /** Shell command; exit code 0 means ready. */
  command: pulumi.Input<string>;
  /** Give up after this many seconds. Default 30. */
  timeoutSecs?: pulumi.Input<number>;
  /** Milliseconds between two tries. Default 500. */
  intervalMs?: pulumi.Input<number>;
  /** Seconds before the first try. Default 2. */
  startupGraceSecs?: pulumi.Input<number>;
}
/** Ready when a command in the machine succeeds. */
export interface CommandReadiness {
  kind: "command";
  /** Shell command; exit code 0 means ready. */
  command: string;
  /** Give up after this many seconds. Default 30. */
  timeoutSecs: number;
  /** Milliseconds between two tries. Default 500. */
  intervalMs: number;
  /** Seconds before the first try. Default 2. */
  startupGraceSecs: number;
}
/** Ready after a fixed time. */
export interface TimeoutReadinessArgs {
  kind: "timeout";
  /** Milliseconds to wait. */
  timeoutMs: pulumi.Input<number>;
}
/** Ready after a fixed time. */
export interface TimeoutReadiness {
  kind: "timeout";
  /** Milliseconds to wait. */
  timeoutMs: number;
}
/** Credentials of one private registry. */
export interface RegistryAuthArgs {
  /** Host of the registry, as the Dockerfile writes it. */
  registry: pulumi.Input<string>;
  /** How to log in there. */
  auth: pulumi.Input<BasicAuthArgs | GcpArtifactRegistryAuthArgs | AwsEcrAuthArgs>;
}
/** Credentials of one private registry. */
export interface RegistryAuth {
  /** Host of the registry, as the Dockerfile writes it. */
  registry: string;
  /** How to log in there. */
  auth: BasicAuth | GcpArtifactRegistryAuth | AwsEcrAuth;
}
/** User name and password. */
export interface BasicAuthArgs {
  kind: "basic";
  /** User name. */
  username: pulumi.Input<string>;
  /** Password or token. */
  password: pulumi.Input<string>;
}
/** User name and password. */
export interface BasicAuth {
  kind: "basic";
  /** User name. */
  username: string;
  /** Password or token. */
  password: string;
}
/** Google Artifact Registry, with a service account. */
export interface GcpArtifactRegistryAuthArgs {
  kind: "gcp_artifact_registry";
  /** JSON text of the service account key. */
  serviceAccountJson: pulumi.Input<string>;
}
/** Google Artifact Registry, with a service account. */
export interface GcpArtifactRegistryAuth {
  kind: "gcp_artifact_registry";
  /** JSON text of the service account key. */
  serviceAccountJson: string;
}
/** Amazon Elastic Container Registry, with an access key. */
export interface AwsEcrAuthArgs {
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
/** What was known of an imported template. */
export interface ImportedTemplateArgs {
  /** Inputs that the service told: they are compared with those of the program. */
  inputs: pulumi.Input<pulumi.Input<string>[]>;
  /** Names of the environment variables; absent where it did not tell. */
  envKeys?: pulumi.Input<pulumi.Input<string>[]>;
}
/** What was known of an imported template. */
export interface ImportedTemplate {
  /** Inputs that the service told: they are compared with those of the program. */
  inputs: Array<string>;
  /** Names of the environment variables; absent where it did not tell. */
  envKeys?: Array<string>;
}
/** Inputs of a {@link Template}. */
export interface TemplateArgs {
  /** Name of the template in your namespace: one segment. Changing it renames the template in place; the old name stays behind as an alias. */
  name: pulumi.Input<string>;
  /** Folder of the build context, relative to the program's folder. Default `.`. */
  context?: pulumi.Input<string>;
  /** Path of the Dockerfile, relative to the context; it may lie outside. Default `Dockerfile`. */
  dockerfile?: pulumi.Input<string>;
  /** Text of the Dockerfile, in place of a file. */
  dockerfileContent?: pulumi.Input<string>;
  /** How the ignore file is read: with Docker's rules or with Git's. Default `docker`. */
  ignoreSyntax?: pulumi.Input<"docker" | "gitignore">;
  /** More ignore patterns, after those of the ignore file. */
  ignorePatterns?: pulumi.Input<pulumi.Input<string>[]>;
  /** What to do with a symbolic link in the context, which the service cannot hold: refuse it, or send what it points at. Default `error`. */
  symlinks?: pulumi.Input<"error" | "copy">;
  /** Content hash of the build context, Dockerfile included: a new one means a new build. Computed from the files when it is not given; pin it with the option `ignoreChanges`. The first update after an import takes the files that are there for those that the template was built from. */
  contextHash?: pulumi.Input<string>;
  /** Short digests of the files behind `contextHash`, by path, so that a preview names what changed. Computed; large contexts are folded into folders. */
  contextFiles?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Values of the Dockerfile's `ARG`s. The service stores them: no place for a secret. */
  buildArgs?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Stage of the Dockerfile to build. Default: the last. */
  target?: pulumi.Input<string>;
  /** Command that is started at the end of the build; machines begin from that running state. */
  startCmd?: pulumi.Input<string>;
  /** How to know that the start command is ready. */
  readiness?: pulumi.Input<TcpReadinessArgs | HttpReadinessArgs | CommandReadinessArgs | TimeoutReadinessArgs>;
  /** Virtual CPUs of the build and of machines. Default 2. */
  vcpus?: pulumi.Input<number>;
  /** Memory of the build and of machines, MiB. Default 512. */
  memoryMib?: pulumi.Input<number>;
  /** Smallest root filesystem, MB. Default: what the image needs and some headroom. */
  diskMb?: pulumi.Input<number>;
  /** Whether the build may use the internet. Default true. */
  internetAccess?: pulumi.Input<boolean>;
  /** Environment variables of machines. */
  env?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** User that commands in machines run as. */
  user?: pulumi.Input<string>;
  /** Folder that commands in machines start in. */
  workdir?: pulumi.Input<string>;
  /** Values that mean nothing here; a change of one means a new build. */
  triggers?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Tags that point at the newest good build of this resource. Default `default`. */
  tags?: pulumi.Input<pulumi.Input<string>[]>;
  /** Who may use the template. Default `private`. */
  visibility?: pulumi.Input<"private" | "public">;
  /** Secrets by id, for `RUN --mount=type=secret`. Never stored by the service; a change builds nothing. */
  buildSecrets?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Credentials of private registries that the Dockerfile names. A change builds nothing. */
  registryAuth?: pulumi.Input<pulumi.Input<RegistryAuthArgs>[]>;
  /** Builds use no cache. Default false; a change builds nothing. */
  skipCache?: pulumi.Input<boolean>;
  /** Take over a template of this name that exists already, whoever made it, and bring it to what the program says. It belongs to this resource from then on, and is deleted with it. Only looked at when the resource is created. Default false. */
  adopt?: pulumi.Input<boolean>;
}
/** What may be given to look up a {@link Template} by its ID. */
export interface TemplateState {
  /** Name of the template in your namespace: one segment. Changing it renames the template in place; the old name stays behind as an alias. */
  name?: pulumi.Input<string>;
  /** Folder of the build context, relative to the program's folder. Default `.`. */
  context?: pulumi.Input<string>;
  /** Path of the Dockerfile, relative to the context; it may lie outside. Default `Dockerfile`. */
  dockerfile?: pulumi.Input<string>;
  /** Text of the Dockerfile, in place of a file. */
  dockerfileContent?: pulumi.Input<string>;
  /** How the ignore file is read: with Docker's rules or with Git's. Default `docker`. */
  ignoreSyntax?: pulumi.Input<"docker" | "gitignore">;
  /** More ignore patterns, after those of the ignore file. */
  ignorePatterns?: pulumi.Input<pulumi.Input<string>[]>;
  /** What to do with a symbolic link in the context, which the service cannot hold: refuse it, or send what it points at. Default `error`. */
  symlinks?: pulumi.Input<"error" | "copy">;
  /** Content hash of the build context, Dockerfile included: a new one means a new build. Computed from the files when it is not given; pin it with the option `ignoreChanges`. The first update after an import takes the files that are there for those that the template was built from. */
  contextHash?: pulumi.Input<string>;
  /** Short digests of the files behind `contextHash`, by path, so that a preview names what changed. Computed; large contexts are folded into folders. */
  contextFiles?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Values of the Dockerfile's `ARG`s. The service stores them: no place for a secret. */
  buildArgs?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Stage of the Dockerfile to build. Default: the last. */
  target?: pulumi.Input<string>;
  /** Command that is started at the end of the build; machines begin from that running state. */
  startCmd?: pulumi.Input<string>;
  /** How to know that the start command is ready. */
  readiness?: pulumi.Input<TcpReadinessArgs | HttpReadinessArgs | CommandReadinessArgs | TimeoutReadinessArgs>;
  /** Virtual CPUs of the build and of machines. Default 2. */
  vcpus?: pulumi.Input<number>;
  /** Memory of the build and of machines, MiB. Default 512. */
  memoryMib?: pulumi.Input<number>;
  /** Smallest root filesystem, MB. Default: what the image needs and some headroom. */
  diskMb?: pulumi.Input<number>;
  /** Whether the build may use the internet. Default true. */
  internetAccess?: pulumi.Input<boolean>;
  /** Environment variables of machines. */
  env?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** User that commands in machines run as. */
  user?: pulumi.Input<string>;
  /** Folder that commands in machines start in. */
  workdir?: pulumi.Input<string>;
  /** Values that mean nothing here; a change of one means a new build. */
  triggers?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Tags that point at the newest good build of this resource. Default `default`. */
  tags?: pulumi.Input<pulumi.Input<string>[]>;
  /** Who may use the template. Default `private`. */
  visibility?: pulumi.Input<"private" | "public">;
  /** Secrets by id, for `RUN --mount=type=secret`. Never stored by the service; a change builds nothing. */
  buildSecrets?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Credentials of private registries that the Dockerfile names. A change builds nothing. */
  registryAuth?: pulumi.Input<pulumi.Input<RegistryAuthArgs>[]>;
  /** Builds use no cache. Default false; a change builds nothing. */
  skipCache?: pulumi.Input<boolean>;
  /** Take over a template of this name that exists already, whoever made it, and bring it to what the program says. It belongs to this resource from then on, and is deleted with it. Only looked at when the resource is created. Default false. */
  adopt?: pulumi.Input<boolean>;
  /** `namespace/name` of the template today. */
  canonicalRef?: pulumi.Input<string>;
  /** Namespace of the template. */
  namespace?: pulumi.Input<string>;
  /** The newest good build, `tb_…`: promote this one to other stacks. */
  buildId?: pulumi.Input<string>;
  /** What that build made, `tmpl_…`. */
  templateId?: pulumi.Input<string>;
  /** How the newest build of this resource ended: `ready`, or why there is nothing newer than `buildId`. */
  status?: pulumi.Input<string>;
  /** The service's digest of what `buildId` was built from. */
  sourceDigest?: pulumi.Input<string>;
  /** The service's digest of the build context of `buildId`. */
  contextDigest?: pulumi.Input<string>;
  /** The build that the next update goes on with; absent when the newest one is live. */
  attempt?: pulumi.Input<BuildAttemptArgs>;
  /** What the service told of it at its import; absent after the first update. */
  imported?: pulumi.Input<ImportedTemplateArgs>;
  /** The service that the resource is of. With a provider that is set to another one, previews say so, and nothing is changed or dropped. */
  service?: pulumi.Input<ServiceRecordArgs>;
}
/** What a {@link Template} has. */
export interface TemplateOutputs {
  /** Name of the template in your namespace: one segment. Changing it renames the template in place; the old name stays behind as an alias. */
  readonly name: pulumi.Output<string>;
  /** Folder of the build context, relative to the program's folder. Default `.`. */
  readonly context: pulumi.Output<string>;
  /** Path of the Dockerfile, relative to the context; it may lie outside. Default `Dockerfile`. */
  readonly dockerfile: pulumi.Output<string | undefined>;
  /** Text of the Dockerfile, in place of a file. */
  readonly dockerfileContent: pulumi.Output<string | undefined>;
  /** How the ignore file is read: with Docker's rules or with Git's. Default `docker`. */
  readonly ignoreSyntax: pulumi.Output<"docker" | "gitignore">;
  /** More ignore patterns, after those of the ignore file. */
  readonly ignorePatterns: pulumi.Output<Array<string> | undefined>;
  /** What to do with a symbolic link in the context, which the service cannot hold: refuse it, or send what it points at. Default `error`. */
  readonly symlinks: pulumi.Output<"error" | "copy">;
  /** Content hash of the build context, Dockerfile included: a new one means a new build. Computed from the files when it is not given; pin it with the option `ignoreChanges`. The first update after an import takes the files that are there for those that the template was built from. */
  readonly contextHash: pulumi.Output<string>;
  /** Short digests of the files behind `contextHash`, by path, so that a preview names what changed. Computed; large contexts are folded into folders. */
  readonly contextFiles: pulumi.Output<{ [key: string]: string } | undefined>;
  /** Values of the Dockerfile's `ARG`s. The service stores them: no place for a secret. */
  readonly buildArgs: pulumi.Output<{ [key: string]: string } | undefined>;
  /** Stage of the Dockerfile to build. Default: the last. */
  readonly target: pulumi.Output<string | undefined>;
  /** Command that is started at the end of the build; machines begin from that running state. */
  readonly startCmd: pulumi.Output<string | undefined>;
  /** How to know that the start command is ready. */
  readonly readiness: pulumi.Output<TcpReadiness | HttpReadiness | CommandReadiness | TimeoutReadiness | undefined>;
  /** Virtual CPUs of the build and of machines. Default 2. */
  readonly vcpus: pulumi.Output<number>;
  /** Memory of the build and of machines, MiB. Default 512. */
  readonly memoryMib: pulumi.Output<number>;
  /** Smallest root filesystem, MB. Default: what the image needs and some headroom. */
  readonly diskMb: pulumi.Output<number | undefined>;
  /** Whether the build may use the internet. Default true. */
  readonly internetAccess: pulumi.Output<boolean>;
  /** Environment variables of machines. */
  readonly env: pulumi.Output<{ [key: string]: string } | undefined>;
  /** User that commands in machines run as. */
  readonly user: pulumi.Output<string | undefined>;
  /** Folder that commands in machines start in. */
  readonly workdir: pulumi.Output<string | undefined>;
  /** Values that mean nothing here; a change of one means a new build. */
  readonly triggers: pulumi.Output<{ [key: string]: string } | undefined>;
  /** Tags that point at the newest good build of this resource. Default `default`. */
  readonly tags: pulumi.Output<Array<string>>;
  /** Who may use the template. Default `private`. */
  readonly visibility: pulumi.Output<"private" | "public">;
  /** Secrets by id, for `RUN --mount=type=secret`. Never stored by the service; a change builds nothing. */
  readonly buildSecrets: pulumi.Output<{ [key: string]: string } | undefined>;
  /** Credentials of private registries that the Dockerfile names. A change builds nothing. */
  readonly registryAuth: pulumi.Output<Array<RegistryAuth> | undefined>;
  /** Builds use no cache. Default false; a change builds nothing. */
  readonly skipCache: pulumi.Output<boolean>;
  /** Take over a template of this name that exists already, whoever made it, and bring it to what the program says. It belongs to this resource from then on, and is deleted with it. Only looked at when the resource is created. Default false. */
  readonly adopt: pulumi.Output<boolean>;
  /** `namespace/name` of the template today. */
  readonly canonicalRef: pulumi.Output<string>;
  /** Namespace of the template. */
  readonly namespace: pulumi.Output<string>;
  /** The newest good build, `tb_…`: promote this one to other stacks. */
  readonly buildId: pulumi.Output<string>;
  /** What that build made, `tmpl_…`. */
  readonly templateId: pulumi.Output<string>;
  /** How the newest build of this resource ended: `ready`, or why there is nothing newer than `buildId`. */
  readonly status: pulumi.Output<string>;
  /** The service's digest of what `buildId` was built from. */
  readonly sourceDigest: pulumi.Output<string | undefined>;
  /** The service's digest of the build context of `buildId`. */
  readonly contextDigest: pulumi.Output<string | undefined>;
  /** The build that the next update goes on with; absent when the newest one is live. */
  readonly attempt: pulumi.Output<BuildAttempt | undefined>;
  /** What the service told of it at its import; absent after the first update. */
  readonly imported: pulumi.Output<ImportedTemplate | undefined>;
  /** The service that the resource is of. With a provider that is set to another one, previews say so, and nothing is changed or dropped. */
  readonly service: pulumi.Output<ServiceRecord | undefined>;
}
/** Names of the properties of a {@link Template}. */
export const TEMPLATE_PROPERTIES: ResourceProperties = {
  inputs: [
    "name",
    "context",
    "dockerfile",
    "dockerfileContent",
    "ignoreSyntax",
    "ignorePatterns",
    "symlinks",
    "contextHash",
    "contextFiles",
    "buildArgs",
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
    "buildSecrets",
    "registryAuth",
    "skipCache",
    "adopt",
  ],
  outputs: [
    "canonicalRef",
    "namespace",
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
