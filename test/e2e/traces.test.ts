import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PulumiProject } from "./support/pulumi-project.ts";
import { SecretScanner } from "./support/secret-scanner.ts";
import { baseImage, startTestService } from "./support/service.ts";
import { TraceCollector, type ReceivedSpan } from "../trace-collector.ts";

const shells = [
  { shell: "dynamic", module: "pulumi-nullspace" },
  { shell: "plugin", module: "pulumi-nullspace/native" },
] as const;

const SECRETS = {
  buildSecret: "build-secret-of-the-trace",
  buildArg: "build-arg-of-the-trace",
  env: "env-value-of-the-trace",
  tag: "tag-secret-of-the-trace",
};

const program = (module: string) => `"use strict";
const pulumi = require("@pulumi/pulumi");
const nullspace = require(${JSON.stringify(module)});
const secret = ${JSON.stringify(SECRETS)};
new nullspace.Template("web", {
  name: "traced",
  context: "./app",
  tags: [pulumi.secret(secret.tag)],
  buildArgs: { ARGUMENT: secret.buildArg },
  buildSecrets: { one: secret.buildSecret },
  env: { TOKEN: secret.env },
  startCmd: "sleep 999",
  readiness: { kind: "command", command: "true" },
  vcpus: 1,
  memoryMib: 64,
});
`;

const dockerfile = (end: string) => `FROM ${baseImage()}
ARG ARGUMENT
RUN echo "the argument is $ARGUMENT"
RUN --mount=type=secret,id=one cat /run/secrets/one; ${end}
`;

const TRACE = "0af7651916cd43dd8448eb211c80319c";

function projectOf(module: string, env: Record<string, string>): PulumiProject {
  return new PulumiProject({ program: program(module), files: { "app/Dockerfile": dockerfile("true") }, env });
}

describe.each(shells)("traces under the $shell shell", ({ module }) => {
  it("lead from the call of the engine to each step of the build, and tell no secret", async () => {
    await using collector = await TraceCollector.start();
    const service = await startTestService({ env: collector.env });
    const key = service.env.NULLSPACE_API_KEY!;
    using project = projectOf(module, { ...service.env, ...collector.env });
    await project.ok("stack", "init", "dev");
    project.setEnv({ TRACEPARENT: `00-${TRACE}-b7ad6b7169203331-01` });
    await project.ok("up", "--yes", "--skip-preview");
    project.write("app/Dockerfile", dockerfile("false"));
    expect((await project.run("up", "--yes", "--skip-preview")).exitCode).not.toBe(0);
    await project.ok("destroy", "--yes", "--skip-preview");
    await service[Symbol.asyncDispose]();

    const { spans } = collector;
    const paths = (name: RegExp) =>
      spans.filter((span) => name.test(span.name)).map((span) => collector.path(span).join(" > "));
    const lines = (name: RegExp) => `\n${paths(name).join("\n")}\n`;
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(["pulumi-nullspace", "nullspace-local"]));
    const build = "nullspace.Template create > POST > POST /v1/templates/builds > build";
    for (const below of ["build queue", "build step RUN", "build.build", "launch check > guest.start"])
      expect(lines(/./)).toContain(`\n${build} > ${below}\n`);
    for (const step of [
      "hash context",
      "upload context > POST > POST /v1/templates/blobs/preflight",
      "wait for build > GET",
    ])
      expect(lines(/./)).toContain(`nullspace.Template create > ${step}`);
    for (const operation of ["check", "create", "diff", "update", "delete"])
      expect(lines(/^nullspace\./)).toContain(`\nnullspace.Template ${operation}\n`);
    const named = spans.filter(({ name }) => name === "nullspace.Template create");
    expect(named.map(({ attributes }) => attributes["nullspace.resource.type"])).toEqual(["Template"]);
    expectFailure(spans);

    const scanner = new SecretScanner({ ...SECRETS, key });
    for (const bytes of collector.raw) scanner.scan("what the collector was sent", bytes);
    for (const span of spans) scanner.scan(`span ${span.name}`, JSON.stringify(span));
    expect(scanner.leaks).toEqual([]);
  });

  it("that a collector does not take keep no run", async () => {
    await using collector = await TraceCollector.start({ hangs: true });
    await using service = await startTestService({ env: collector.env });
    using project = projectOf(module, { ...service.env, ...collector.env });
    await project.ok("stack", "init", "dev");
    await project.ok("up", "--yes", "--skip-preview");
    await project.ok("destroy", "--yes", "--skip-preview");
    // The service stops, too, before it is taken away: its own limit is far longer than that of the export.
    await service.stop();
    expect(collector.requests).toBeGreaterThan(0);
  });
});

function expectFailure(spans: readonly ReceivedSpan[]): void {
  const failed = spans.filter(({ statusCode }) => statusCode === 2);
  const names = failed.map(({ name }) => name);
  expect(names).toContain("nullspace.Template update");
  expect(names).toContain("build");
  expect(names).toContain("build step RUN");
  expect(failed.map(({ statusMessage }) => statusMessage).join("")).toBe("");
}

describe("traces that are asked for without OpenTelemetry's packages", () => {
  it("are missing with one warning of the service that says what to install", async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" };
    await using service = await startTestService({ env });
    for (const { module } of shells) {
      using project = projectOf(module, { ...service.env, ...env });
      await project.ok("stack", "init", "dev");
      const { text } = await project.ok("up", "--yes", "--skip-preview");
      // Once while it runs, and once at the end of the output, where Pulumi tells all again.
      const [, told = ""] = text.split("Diagnostics:");
      expect(told.match(/npm install .*@opentelemetry\/exporter-trace-otlp-http/g), text).toHaveLength(1);
      await project.ok("destroy", "--yes", "--skip-preview");
    }
    await service.stop();
    expect(readFileSync(service.logFile, "utf8").match(/@opentelemetry\/exporter-trace-otlp-http/g)).toHaveLength(1);
  });
});
