import { Readable } from "node:stream";
import * as context from "../../../sdk/context/index.ts";
import * as docker from "../../../sdk/docker/index.ts";
import * as sdk from "../../../sdk/index.ts";

/**
 * What an argument may be, for a sweep that gives it everything else: a kind of value, `?` behind it where it may be left
 * out. `options` are looked into: each of their members gets a wrong value, too.
 */
export type Kind =
  "text" | "options" | "object" | "list" | "words" | "number" | "size" | "flag" | "callback" | "signal";
export type Argument = Kind | `${Kind}?`;

/** One public call: how it is made, and what its arguments may be, with one that is right for each. */
export interface PublicCall {
  /** As the exports name it: `Template.build`. */
  name: string;
  call: (...args: never[]) => unknown;
  arguments: readonly (readonly [kind: Argument, right: unknown])[];
}

const SIGNAL = new AbortController().signal;
const OPTIONS = ["options?", {}] as const;
const TEXT = ["text", "web"] as const;
const FILE = { type: "file", path: "a", mode: "0644", sizeBytes: 0, sha256: "0", open: () => Buffer.of() };

/** Arguments by name of the call; a call that takes none has an empty list. */
const ARGUMENTS: Record<string, PublicCall["arguments"]> = {
  buildLogger: [OPTIONS],
  checkHealth: [["text", "http://127.0.0.1:9"], OPTIONS],
  collectContext: [["object", sdk.Template.fromImage("a").definition], OPTIONS],
  createRequest: [
    ["object", sdk.Template.fromImage("a").definition],
    ["options", {}],
    ["text", "json"],
    ["object?", undefined],
  ],
  findSettings: [OPTIONS],
  formatTemplateRef: [["object", { kind: "name", name: "web" }]],
  hashFiles: [
    ["list", []],
    ["signal?", SIGNAL],
  ],
  inspectContext: [["object", sdk.Template.fromImage("a").definition], OPTIONS],
  isTerminalEntry: [["object", { kind: "end" }]],
  isTerminalStatus: [["text", "ready"]],
  parseTemplateRef: [TEXT],
  resolveIdentity: [
    ["text?", "web"],
    ["object", {}],
  ],
  shellQuote: [TEXT, ["text?", "'\\''"]],
  suggestName: [TEXT, ["list", ["web"]]],
  tagHistory: [["object", { templates: {}, blobs: {} }], TEXT, OPTIONS],
  terminalProgress: [["object?", process.stderr]],
  uploadContext: [["object", { blobs: {} }], ["object", { table: {}, each: () => [] }], OPTIONS],
  uploadFiles: [["object", { ask: () => {}, put: () => {} }], ["list", [FILE]], OPTIONS],
  waitForCommand: [["text", "true"], OPTIONS],
  waitForFile: [["text", "/a"], OPTIONS],
  waitForPort: [["number", 80], OPTIONS],
  waitForProcess: [["text", "sh"], OPTIONS],
  waitForTimeout: [["number", 1]],
  waitForUrl: [["text", "http://localhost:80/"], OPTIONS],

  debianSlim: [OPTIONS],
  fromAwsRegistry: [TEXT, ["options", { accessKeyId: "a", secretAccessKey: "b", region: "c" }]],
  fromBaseImage: [["text?", "a"], OPTIONS],
  fromBunImage: [TEXT, OPTIONS],
  fromDebianImage: [["text?", "12"], OPTIONS],
  fromDockerfile: [["text", new URL("public-calls.ts", import.meta.url).pathname], OPTIONS],
  fromDockerfileContent: [["text", "FROM a"], OPTIONS],
  fromGcpRegistry: [TEXT, ["options", { serviceAccountJson: { a: 1 } }]],
  fromImage: [TEXT, OPTIONS],
  fromName: [TEXT, OPTIONS],
  fromNodeImage: [TEXT, OPTIONS],
  fromPythonImage: [TEXT, OPTIONS],
  fromRegistry: [TEXT, OPTIONS],
  fromTemplate: [TEXT, OPTIONS],
  fromUbuntuImage: [["text?", "24.04"], OPTIONS],

  "Template.build": [["object", sdk.Template.fromImage("a")], ["text?", "web"], OPTIONS],
  "Template.buildInBackground": [["object", sdk.Template.fromImage("a")], ["text?", "web"], OPTIONS],
  "Template.publish": [["object", sdk.Template.fromImage("a")], ["text?", "web"], OPTIONS],
  "Template.inspectBuildContext": [["object", sdk.Template.fromImage("a")], ["text?", "web"], OPTIONS],
  "Template.validate": [["object", sdk.Template.fromImage("a")], ["text?", "web"], OPTIONS],
  "Template.plan": [["object", sdk.Template.fromImage("a")], ["text?", "web"], OPTIONS],
  "Template.listBuilds": [TEXT, OPTIONS, OPTIONS],
  "Template.get": [TEXT, OPTIONS],
  "Template.list": [OPTIONS],
  "Template.exists": [TEXT, OPTIONS],
  "Template.delete": [TEXT, OPTIONS],
  "Template.assignTags": [TEXT, ["words", ["v1"]], OPTIONS],
  "Template.listTags": [TEXT, OPTIONS],
  "Template.removeTag": [TEXT, TEXT, OPTIONS],
  "Template.listAliases": [TEXT, OPTIONS],
  "Template.removeAlias": [TEXT, TEXT, OPTIONS],
  "Template.rename": [TEXT, TEXT, OPTIONS],
  "Template.setVisibility": [TEXT, ["text", "public"], OPTIONS],
  "Template.reserveName": [TEXT, OPTIONS],
  "Template.releaseName": [TEXT, OPTIONS],
  "Template.getNamespace": [TEXT, OPTIONS],
  "Template.createWarmPool": [TEXT, ["options", { name: "p", minReady: 0, maxReady: 1 }], OPTIONS],

  "TemplateBuilder.aptInstall": [
    ["words", "git"],
    ["text?", "curl"],
  ],
  "TemplateBuilder.pipInstall": [["words", "flask"], OPTIONS],
  "TemplateBuilder.npmInstall": [["words", "koa"], OPTIONS],
  "TemplateBuilder.bunInstall": [["words", "koa"], OPTIONS],
  "TemplateBuilder.runCmd": [["words", "true"], OPTIONS],
  "TemplateBuilder.run": [["words", "true"], OPTIONS],
  "TemplateBuilder.copy": [["words", "a"], TEXT, OPTIONS],
  "TemplateBuilder.copyItems": [["list", [["a", "/"]]], OPTIONS],
  "TemplateBuilder.remove": [TEXT, OPTIONS],
  "TemplateBuilder.rename": [TEXT, TEXT, OPTIONS],
  "TemplateBuilder.makeDir": [TEXT, OPTIONS],
  "TemplateBuilder.makeSymlink": [TEXT, TEXT],
  "TemplateBuilder.gitClone": [TEXT, ["text?", "/w"], OPTIONS],
  "TemplateBuilder.setWorkdir": [TEXT],
  "TemplateBuilder.workdir": [TEXT],
  "TemplateBuilder.setUser": [TEXT],
  "TemplateBuilder.setBuildEnvs": [["object", {}]],
  "TemplateBuilder.setRuntimeEnvs": [["object", {}]],
  "TemplateBuilder.env": [["object", {}]],
  "TemplateBuilder.setStartCmd": [TEXT, ["text?", "true"]],
  "TemplateBuilder.setReadyCmd": [["text", "true"]],
  "TemplateBuilder.setFileContext": [TEXT, OPTIONS],
  "TemplateBuilder.skipCache": [],
  "TemplateBuilder.forceBuild": [],
  "TemplateBuilder.setBaseImageAuth": [["options", { username: "a", password: "b" }]],
  "TemplateBuilder.setGcpRegistryAuth": [["options", { serviceAccountJson: { a: 1 } }]],
  "TemplateBuilder.setAwsRegistryAuth": [["options", { accessKeyId: "a", secretAccessKey: "b", region: "c" }]],
  "TemplateBuilder.addBuildSecret": [TEXT, TEXT, OPTIONS],
  "TemplateBuilder.addBuildSecretEnv": [
    ["text", "PATH"],
    ["text?", "PATH"],
  ],
  "TemplateBuilder.addBuildSecretFile": [TEXT, ["text", "/etc/hosts"]],
  // JSON.stringify gives it the name of the member that holds the builder.
  "TemplateBuilder.toJSON": [],
  "TemplateBuilder.toDockerfile": [],

  NullspaceClient: [["options?", { apiKey: "k" }]],
  "NullspaceClient.keyedDigest": [TEXT],
  "NullspaceClient.health": [OPTIONS],
  "NullspaceClient.close": [],

  "Machine.create": [OPTIONS, OPTIONS],
  "Machine.get": [TEXT, OPTIONS],
  "Machine.list": [OPTIONS, OPTIONS],
  "Machine.refresh": [OPTIONS],
  "Machine.run": [TEXT, OPTIONS],
  "Machine.kill": [OPTIONS],
  "Machine.toJSON": [],
  "Machine.close": [],

  "TemplateBuild.connect": [TEXT, OPTIONS],
  "TemplateBuild.status": [OPTIONS],
  "TemplateBuild.logs": [OPTIONS],
  "TemplateBuild.cancel": [["text?", "r"], OPTIONS],
  "TemplateBuild.retry": [OPTIONS],
  "TemplateBuild.promote": [TEXT, OPTIONS],
  "TemplateBuild.waitUntilTerminal": [OPTIONS],
  "TemplateBuild.throwIfFailed": [],
  "TemplateBuild.toJSON": [],
  "TemplateBuild.close": [],

  "WarmPool.create": [["options", { name: "p", template: "t", minReady: 0, maxReady: 1 }], OPTIONS],
  "WarmPool.get": [TEXT, OPTIONS],
  "WarmPool.list": [OPTIONS, OPTIONS],
  "WarmPool.refresh": [OPTIONS],
  "WarmPool.update": [["options", {}], OPTIONS],
  "WarmPool.enable": [OPTIONS],
  "WarmPool.disable": [OPTIONS],
  "WarmPool.drain": [OPTIONS],
  "WarmPool.reconcile": [OPTIONS],
  "WarmPool.delete": [OPTIONS],
  "WarmPool.waitUntilReady": [OPTIONS],
  "WarmPool.toJSON": [],
  "WarmPool.close": [],

  "templates.get": [TEXT, OPTIONS],
  "templates.list": [OPTIONS],
  "templates.exists": [TEXT, OPTIONS],
  "templates.delete": [TEXT, OPTIONS],
  "templates.assignTags": [TEXT, ["list", ["v1"]], OPTIONS],
  "templates.listTags": [TEXT, OPTIONS],
  "templates.removeTag": [TEXT, TEXT, OPTIONS],
  "templates.listTagMoves": [TEXT, ["options", { tag: "v1" }], OPTIONS],
  "templates.listAliases": [TEXT, OPTIONS],
  "templates.removeAlias": [TEXT, TEXT, OPTIONS],
  "templates.rename": [TEXT, TEXT, OPTIONS],
  "templates.setVisibility": [TEXT, ["text", "public"], OPTIONS],
  "templates.reserveName": [TEXT, OPTIONS],
  "templates.releaseName": [TEXT, OPTIONS],
  "templates.getNamespace": [TEXT, OPTIONS],
  "templates.validate": [["object", {}], OPTIONS],
  "templates.plan": [["object", {}], OPTIONS],
  "builds.start": [["object", {}], OPTIONS],
  "builds.stream": [["object", {}], OPTIONS],
  "builds.get": [TEXT, OPTIONS],
  "builds.logs": [TEXT, OPTIONS],
  "builds.cancel": [TEXT, OPTIONS],
  "builds.retry": [TEXT, ["object?", {}], OPTIONS],
  "builds.promote": [TEXT, ["object", { tag: "v1" }], OPTIONS],
  "builds.list": [TEXT, OPTIONS, OPTIONS],
  "builds.listAll": [OPTIONS, OPTIONS],
  "builds.waitUntilTerminal": [TEXT, OPTIONS],
  "blobs.preflight": [["list", []], OPTIONS],
  "blobs.ask": [["list", []], OPTIONS],
  "blobs.putBatch": [["list", []], OPTIONS],
  "blobs.put": [TEXT, ["object", { open: () => Buffer.of(), sizeBytes: 0 }], OPTIONS],
  "machines.create": [["object", {}], OPTIONS],
  "machines.get": [TEXT, OPTIONS],
  "machines.list": [OPTIONS, OPTIONS],
  "machines.delete": [TEXT, OPTIONS],
  "machines.exec": [TEXT, ["object", { command: "true" }], OPTIONS],
  "warmPools.create": [["object", {}], OPTIONS],
  "warmPools.get": [TEXT, OPTIONS],
  "warmPools.list": [OPTIONS, OPTIONS],
  "warmPools.update": [TEXT, ["object", {}], OPTIONS],
  "warmPools.delete": [TEXT, OPTIONS],
  "warmPools.enable": [TEXT, OPTIONS],
  "warmPools.disable": [TEXT, OPTIONS],
  "warmPools.drain": [TEXT, OPTIONS],
  "warmPools.reconcile": [TEXT, OPTIONS],
  "warmPools.status": [TEXT, OPTIONS],
  "warmPools.waitUntilReady": [TEXT, OPTIONS],

  DockerEngine: [OPTIONS],
  "DockerEngine.ping": [OPTIONS],
  "DockerEngine.version": [OPTIONS],
  "DockerEngine.info": [OPTIONS],
  "DockerEngine.build": [["options", { path: "." }]],
  "DockerEngine.events": [OPTIONS],
  "DockerEngine.buildCacheUsage": [OPTIONS],
  "DockerEngine.pruneBuilds": [OPTIONS],
  "DockerEngine.negotiate": [["signal?", SIGNAL]],
  "DockerEngine.close": [],
  "images.inspect": [TEXT, OPTIONS],
  "images.list": [OPTIONS],
  "images.history": [TEXT, OPTIONS],
  "images.tag": [TEXT, TEXT, OPTIONS],
  "images.remove": [TEXT, OPTIONS],
  "images.pull": [TEXT, OPTIONS],
  "images.load": [["object", Readable.from([])], OPTIONS],
  "images.push": [TEXT, OPTIONS],
  "containers.create": [["object", { Image: "a" }], OPTIONS],
  "containers.start": [TEXT, OPTIONS],
  "containers.stop": [TEXT, OPTIONS],
  "containers.pause": [TEXT, OPTIONS],
  "containers.unpause": [TEXT, OPTIONS],
  "containers.kill": [TEXT, OPTIONS],
  "containers.remove": [TEXT, OPTIONS],
  "containers.inspect": [TEXT, OPTIONS],
  "containers.list": [OPTIONS],
  "containers.wait": [TEXT, OPTIONS],
  "containers.logs": [TEXT, OPTIONS],
  "containers.exec": [TEXT, ["options", { cmd: ["true"] }]],
  "networks.create": [["object", { Name: "n" }], OPTIONS],
  "networks.inspect": [TEXT, OPTIONS],
  "networks.remove": [TEXT, OPTIONS],
  BuildKit: [["options", { address: "tcp://127.0.0.1:9" }]],
  "BuildKit.info": [OPTIONS],
  "BuildKit.diskUsage": [OPTIONS],
  "BuildKit.prune": [OPTIONS],
  "BuildKit.history": [OPTIONS],
  "BuildKit.deleteHistory": [TEXT, OPTIONS],
  DockerConfig: [TEXT, ["object?", {}]],
  "DockerConfig.credentialsFor": [TEXT, ["object?", {}], ["signal?", SIGNAL]],
  "DockerConfig.allCredentials": [["options", { onFailure: () => {} }]],
  "DockerConfig.proxyBuildArgs": [TEXT],
  RegistryCredentials: [["object", { username: "a", password: "b" }]],
  "RegistryCredentials.reveal": [],
  "RegistryCredentials.toString": [],
  "RegistryCredentials.toJSON": [],
  expandWord: [
    ["text", "$A"],
    ["object", { get: () => "a", untold: () => "" }],
    ["object?", {}],
  ],
  fetchingAdds: [
    ["text", "FROM a"],
    ["object?", {}],
  ],
  formatImageRef: [["object", { registry: "a", repository: "b", tag: "c", digest: null }]],
  isKnownKeyword: [["text", "RUN"]],
  isOwnFrontend: [TEXT],
  isRemoteSource: [TEXT],
  lineOfStep: [TEXT, TEXT, ["text", "buildkit"]],
  needsRegistry: [["object", { hosts: new Set(), mayBeMore: false }], TEXT],
  parseByteSize: [TEXT, ["size", "1g"]],
  parseImageRef: [TEXT],
  quoteFlagValue: [TEXT],
  quoteWord: [TEXT],
  readArg: [TEXT, ["text?", "\\"]],
  readDockerfile: [["text", "FROM a"], OPTIONS],
  readEnv: [TEXT, ["text?", "\\"]],
  readFrom: [TEXT, ["text?", "\\"]],
  registriesOfDockerfile: [
    ["text", "FROM a"],
    ["object?", {}],
  ],
  registriesOfImage: [TEXT],
  registryHost: [TEXT],
  resolveCloudAuth: [
    ["object", { kind: "basic", username: "a", password: "b" }],
    ["signal?", SIGNAL],
    ["callback?", () => {}],
  ],
  sourceWords: [TEXT, ["text?", "\\"]],
  stableImages: [
    ["text", "FROM a"],
    ["object?", {}],
  ],

  comparable: [["list", []]],
  contextWarnings: [
    ["object", { table: {}, root: {} }],
    ["text?", "docker"],
  ],
  createIgnoreMatcher: [["options", {}]],
  difference: [
    ["object", {}],
    ["object", {}],
  ],
  formatBytes: [["number", 1]],
  ignoreLine: [TEXT, ["text", "docker"]],
  listContext: [["options", { dir: "." }]],
  openContextFile: [["object", { table: {}, root: {} }], TEXT, OPTIONS],
  paddingOf: [["number", 1]],
  readContext: [["options", { dir: "." }]],
  readContextFiles: [["object", { table: {}, root: {} }], ["list", [0]], OPTIONS],
  readContextPaths: [["object", { table: {}, root: {} }], ["list", ["a"]], OPTIONS],
  ruleFor: [["object", context.createIgnoreMatcher({})], TEXT, ["flag?", true]],
  ruleLocation: [["object", { pattern: "a", line: 1 }]],
  tarContext: [["object", { table: {}, root: {} }], OPTIONS],
  tarHeader: [["object", { path: Buffer.from("a"), type: "file", mode: 0o644, size: 0 }]],
  userStatCache: [],
};

/** Exports that are given what they are made of by this package itself, and said to be of no use elsewhere. */
const NOT_CALLED = [
  ...["Machine", "TemplateBuild", "TemplateBuilder", "WarmPool"], // made by their own create, get, build, connect, from…
  "ImageBuild", // by DockerEngine.build
  ...["EngineImages", "EngineContainers", "EngineNetworks"], // members of a DockerEngine
  ...["BuildContext", "BuildContext.each"], // by readContext; each takes nothing
  ...["ImageBuild.progress", "ImageBuild.records", "ImageBuild.bytes", "ImageBuild.cancel"], // take nothing
  ...["DockerEngine.versioned", "TemplateBuilder.of"], // internal
  "isEngineAway", // asks of any value what it is
];

/** Objects whose methods are called, by the name that a call of theirs has here. Nothing is there to be reached. */
function instances() {
  const client = new sdk.NullspaceClient({ apiKey: "k", baseUrl: "http://127.0.0.1:9", maxRetries: 0 });
  const connection = { client, close: () => Promise.resolve() };
  const make = (Class: unknown, ...args: unknown[]): object =>
    Reflect.construct(Class as new (...args: unknown[]) => object, args);
  const engine = new docker.DockerEngine({ host: "tcp://127.0.0.1:9", env: {} });
  return {
    NullspaceClient: client,
    Machine: make(sdk.Machine, connection, { id: "m" }),
    TemplateBuild: make(sdk.TemplateBuild, connection, { build_id: "tb_1", status: "ready" }),
    TemplateBuilder: sdk.Template.fromImage("a"),
    WarmPool: make(sdk.WarmPool, connection, { id: "p", resources: {} }),
    templates: client.templates,
    builds: client.builds,
    blobs: client.blobs,
    machines: client.machines,
    warmPools: client.warmPools,
    DockerEngine: engine,
    images: engine.images,
    containers: engine.containers,
    networks: engine.networks,
    BuildKit: new docker.BuildKit({ address: "tcp://127.0.0.1:9" }),
    DockerConfig: engine.config,
    RegistryCredentials: new docker.RegistryCredentials({ username: "a", password: "b" }),
  };
}

/** Every public call of the SDK, found in what its modules export. */
export function publicCalls(): { calls: PublicCall[]; unknown: string[]; gone: string[] } {
  const found = new Map<string, (...args: never[]) => unknown>();
  const add = (name: string, call: unknown) => found.set(name, call as (...args: never[]) => unknown);
  for (const [name, value] of Object.entries({ ...sdk.Template, ...sdk, ...docker, ...context }) as [
    string,
    unknown,
  ][]) {
    if (typeof value !== "function" || value.prototype instanceof Error) continue;
    if (!/^class\b/.test(Function.prototype.toString.call(value))) {
      const isOfTemplate = Object.hasOwn(sdk.Template, name) && !Object.hasOwn(sdk, name) && name !== "fromName";
      add(isOfTemplate ? `Template.${name}` : name, (...args: unknown[]) => Reflect.apply(value, sdk.Template, args));
      continue;
    }
    add(name, (...args: unknown[]) => Reflect.construct(value, args) as unknown);
    for (const key of methodsOf(value)) add(`${name}.${key}`, bound(value, key));
    for (const key of methodsOf(value.prototype as object)) add(`${name}.${key}`, undefined);
  }
  for (const [owner, object] of Object.entries(instances())) {
    for (const key of methodsOf(Object.getPrototypeOf(object) as object)) add(`${owner}.${key}`, bound(object, key));
  }
  // The classes behind the members of an engine: their methods are there under the members' names.
  for (const name of [...found.keys()]) if (/^Engine(Images|Containers|Networks)\./.test(name)) found.delete(name);
  const names = [...found.keys()].filter((name) => !NOT_CALLED.includes(name));
  return {
    calls: names.flatMap((name) => {
      const args = ARGUMENTS[name];
      return args === undefined ? [] : [{ name, call: found.get(name)!, arguments: args }];
    }),
    unknown: names.filter((name) => ARGUMENTS[name] === undefined),
    gone: [...Object.keys(ARGUMENTS), ...NOT_CALLED].filter((name) => !found.has(name)),
  };
}

function methodsOf(object: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(object))
    .filter(([name, { value }]) => typeof value === "function" && name !== "constructor")
    .map(([name]) => name);
}

function bound(object: object, key: string): unknown {
  return (...args: unknown[]) => Reflect.apply(Reflect.get(object, key) as () => unknown, object, args);
}
