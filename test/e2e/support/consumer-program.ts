/** A program that uses every entry of the package, and prints what they gave. */
export const PROGRAM = `import * as pulumi from "@pulumi/pulumi";
import * as dynamic from "pulumi-nullspace";
import { runMarked, type CommandPlace } from "pulumi-nullspace/commands";
import { backoffMs, Semaphore } from "pulumi-nullspace/concurrency";
import { createIgnoreMatcher, listContext, type ContextOptions } from "pulumi-nullspace/context";
import { BuildOptions, DockerEngine, parseImageRef, type ImageBuild } from "pulumi-nullspace/docker";
import * as runtime from "pulumi-nullspace/dynamic-runtime";
import * as native from "pulumi-nullspace/native";
import { OLDEST_NODE } from "pulumi-nullspace/node-version";
import { formatTemplateRef, NullspaceClient, NotFoundError, parseTemplateRef, Template, type TemplateBuild } from "pulumi-nullspace/sdk";
import { Redactor, secretsIn } from "pulumi-nullspace/secrets";
import { currentSpan, inSpan, NO_SPAN, type Span } from "pulumi-nullspace/tracing";
import { BuildSecret, Machine, type Schema } from "pulumi-nullspace/wire";

const args: dynamic.TemplateArgs = { name: "web", context: "./app", readiness: { kind: "tcp", port: 80 } };
const promise = (output: pulumi.Output<string>): Promise<string> => new Promise((resolve) => output.apply(resolve));

async function main(): Promise<string[]> {
  await pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => ({ id: name, state: { ...inputs, poolId: "wp_1", buildId: "tb_1" } }),
    call: ({ inputs }) => inputs,
  });
  const pool = new native.WarmPool("pool", { name: "p", template: "web", minReady: 1, maxReady: 2 });
  const web = new dynamic.Template("web", args);
  // @ts-expect-error a misspelt input is refused before anything runs
  const misspelt: dynamic.TemplateArgs = { name: "web", startCommand: "true" };

  const engine = new DockerEngine({ host: "tcp://127.0.0.1:9" });
  const build: (options: BuildOptions) => ImageBuild = (options) => engine.build(options);
  const options: BuildOptions = { path: "./app", tags: ["app:1"], secrets: [{ id: "token", env: "TOKEN" }], noCache: true };
  await engine.close();

  const client = new NullspaceClient({ baseUrl: "http://127.0.0.1:9", apiKey: "k" });
  const read = async (id: string): Promise<string> => (await client.builds.get(id)).build.status;
  await client.close();

  const schema: Schema<Machine> = Machine;
  const found = schema.safeParse({ id: 1 });
  const context: ContextOptions = { dir: ".", dockerfileContent: "FROM scratch", ignorePatterns: ["bin"] };
  const secret = [...secretsIn(BuildSecret, { id: "token", value: "hunter2" })].map(({ value }) => value);
  const semaphore = new Semaphore(1);
  const place: CommandPlace = { run: async () => 7, kill: async () => true, timedOut: ({ cause }) => cause };
  const isTraced = (span: Span): boolean => span !== NO_SPAN || span !== currentSpan();
  const log = async (build: TemplateBuild): Promise<string> => build.buildId;
  return [
    await promise(pool.poolId),
    await promise(web.buildId),
    parseImageRef("app:1").tag ?? "",
    formatTemplateRef(parseTemplateRef("acme/web:v1")),
    String(found.success),
    new Redactor(secret).text("hunter2"),
    String((await listContext(context)).dir !== ""),
    [build, read, log, Template, NotFoundError, createIgnoreMatcher, semaphore, runtime, options, misspelt].map((one) => typeof one).join(),
    OLDEST_NODE,
    String(backoffMs({ first: 2, most: 8 }, 1)),
    String(await inSpan("work", {}, isTraced)),
    String((await runMarked(place, { maxOutputBytes: 1 })).exitCode),
  ];
}

main().then((lines) => console.log(lines.join("\\n")));
`;

/** What it prints. */
export const SAID = [
  "wp_1",
  "tb_1",
  "1",
  "acme/web:v1",
  "false",
  "[secret]",
  "true",
  "function,function,function,object,function,function,object,object,object,object",
  "22.14",
  "2",
  "false",
  "7",
];

/** A program that uses all that `nullspace-local` exports, and a start that is refused before anything is opened. */
export const SERVICE_PROGRAM = `import {
  startLocalService,
  StartupError,
  type LocalService,
  type LocalServiceOptions,
  type RunningService,
  type StorageLimits,
  type TlsFiles,
} from "nullspace-local";

const storage: Partial<StorageLimits> = { builds: 1000, imageBytes: 2 ** 30 };
const withTls = (tls: TlsFiles): LocalServiceOptions => ({ tls });
const options: LocalServiceOptions = {
  port: 0,
  host: "0.0.0.0",
  storage,
  logLevel: "silent",
  engineTimeLimits: { lookMs: 5000 },
};
// @ts-expect-error an option that there is not
const misspelt: LocalServiceOptions = { ports: 0 };
const close = (service: RunningService): Promise<void> => service.close();

startLocalService(options).then(
  async (service: LocalService) => {
    console.log("started", service.url, service.apiKey, misspelt, withTls);
    await close(service);
  },
  (error: unknown) => console.log(error instanceof StartupError ? error.code : error),
);
`;

/** What it prints. */
export const SERVICE_SAID = ["host_not_loopback"];
