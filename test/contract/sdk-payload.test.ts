import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Template } from "../../sdk/client/objects/index.ts";
import { TemplateBuilder } from "../../sdk/template/index.ts";
import type { ContextFile, CreateTemplateRequest, PreflightRequest } from "../../sdk/wire/index.ts";
import { build, json, scriptedServer, type ScriptedServer } from "../unit/client/scripted-server.ts";
import { PROGRAMS } from "./sdk-payload/programs.ts";

const python = process.env.NULLSPACE_PYTHON;
const run = promisify(execFile);
const home = process.cwd();
const root = mkdtempSync(join(tmpdir(), "payload-"));

/** What a program sent: the preflight and the build request, lists in an order of their own. */
interface Sent {
  preflight?: unknown;
  build?: unknown;
  validate?: unknown;
  uploads: string[];
}

/** What the Python client's dry run says. */
interface Inspected {
  request: CreateTemplateRequest;
  context: Record<string, unknown>;
}

const recorded = new Map<string, Sent>();
let recorder: ScriptedServer;
/** Methods of the published builder, and its probes. */
let names: string[];
let printed: { json: CreateTemplateRequest; inspected: Inspected; dockerfile: string }[];

beforeAll(async () => {
  if (!python) throw new Error("NULLSPACE_PYTHON is not set: start the tests with `npm test`");
  makeFixture();
  recorder = await scriptedServer((request, response) => {
    const key = request.headers.authorization!.replace("Bearer ", "");
    const sent = recorded.get(key) ?? { uploads: [] };
    recorded.set(key, sent);
    if (request.method === "PUT") {
      sent.uploads.push(createHash("sha256").update(request.body).digest("hex"));
      return void response.writeHead(204).end();
    }
    const body: unknown = JSON.parse(request.body);
    if (request.url.endsWith("/preflight")) {
      sent.preflight = sorted(body);
      const { files } = body as PreflightRequest;
      return json(response, 200, {
        files: files.map(({ path, entry_type, sha256 }) => ({
          path,
          entry_type,
          missing: sha256 !== undefined,
          ...(sha256 && { blob_id: `blob_${sha256}` }),
        })),
      });
    }
    if (request.url.endsWith("/validate")) {
      sent.validate = sorted(body);
      return json(response, 200, { valid: true });
    }
    sent.build = sorted(body);
    return json(response, 202, build());
  });
  process.chdir(join(root, "work"));
  const programs = join(root, "programs.json");
  writeFileSync(
    programs,
    JSON.stringify(PROGRAMS.map(({ python, pythonOptions = "" }) => ({ python, options: pythonOptions }))),
  );
  const script = join(home, "test/contract/sdk-payload/build.py");
  const { stdout } = await run(python, [script, recorder.url, programs], { maxBuffer: 64 * 1024 * 1024 });
  const lines = stdout.trim().split("\n");
  names = JSON.parse(lines.pop()!) as string[];
  printed = lines.map((line) => JSON.parse(line) as (typeof printed)[number]);
});

afterAll(async () => {
  process.chdir(home);
  await recorder[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

describe("our builder sends what the published Python client sends", () => {
  it.each(PROGRAMS.map((program, index) => ({ ...program, index })))(
    "for $name",
    async ({ ours, options = {}, index }) => {
      const connection = { apiKey: `ours-${index}`, baseUrl: recorder.url };
      const build = await Template.buildInBackground(ours(), undefined, { name: "web", ...options, ...connection });
      await build.close();
      await Template.validate(ours(), undefined, { name: "web", ...options, diskMb: undefined, ...connection });
      const theirs = recorded.get(`program-${index}`)!;
      const mine = recorded.get(`ours-${index}`)!;
      expect(theirs.build).toBeDefined();
      expect(mine.preflight).toEqual(theirs.preflight);
      expect(mine.build).toEqual(theirs.build);
      expect(mine.validate).toEqual(theirs.validate);
      expect(mine.uploads.sort()).toEqual(theirs.uploads.sort());
      expect(sorted(ours().toJSON({ name: "web", alias: "w" }))).toEqual(sorted(printed[index]!.json));
    },
  );
});

describe("our inspection lists what the published Python client lists", () => {
  it.each(PROGRAMS.map(({ name, ours }, index) => ({ name, ours, index })))("for $name", async ({ ours, index }) => {
    const { inspected } = printed[index]!;
    const { request, context } = await Template.inspectBuildContext(ours(), "web");
    expect(sorted(request)).toEqual(sorted(inspected.request));
    expect({
      total_bytes: context.totalBytes,
      estimated_upload_bytes: context.totalBytes,
      file_count: context.fileCount,
      directory_count: context.directoryCount,
      ignored_count: context.ignoredCount,
      unsupported_count: context.unsupportedCount,
      largest_files: context.largestFiles.map(({ path, sizeBytes }) => ({ path, size_bytes: sizeBytes })),
      warnings: context.warnings,
      unsupported_entries: context.unsupportedEntries,
      ignored_entries: context.ignoredEntries.map(({ path, type }) => ({
        path,
        entry_type: type,
        reason: "dockerignore",
      })),
      files: context.files.map(({ path, mode, sizeBytes, sha256 }) => ({
        path,
        entry_type: "file",
        mode,
        size_bytes: sizeBytes,
        sha256,
      })),
      directories: context.directories.map(({ path, mode }) => ({ path, entry_type: "dir", mode })),
    }).toEqual(inspected.context);
  });
});

describe("our Dockerfile", () => {
  it("has the instructions of the published Python client's, in its order; the quoting is our own", () => {
    // Theirs puts values between quotes as they are, ours for the shell and the parser that read them.
    const instructions = (dockerfile: string): string[] =>
      dockerfile
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[0]!);
    for (const [index, { name, ours }] of PROGRAMS.entries()) {
      const mine = instructions(ours().toDockerfile());
      expect([name, mine]).toEqual([name, instructions(printed[index]!.dockerfile)]);
    }
  });
});

describe("the programs", () => {
  it("use every method, base and probe of both builders", () => {
    const text = PROGRAMS.map((program) => program.python).join("\n");
    expect(names.filter((name) => !text.includes(`.${name}(`) && !CALLS.includes(name))).toEqual([]);
    const own = [
      ...Object.getOwnPropertyNames(TemplateBuilder.prototype).filter((name) => !NOT_STEPS.includes(name)),
      ...Object.keys(Template).filter((name) => name.startsWith("from") || name === "debianSlim"),
    ];
    const source = PROGRAMS.map((program) => program.ours.toString()).join("\n");
    expect(own.filter((name) => !source.includes(`.${name}(`))).toEqual([]);
  });
});

/** Methods of the Python class that call the service, and those that every program is given to. */
const CALLS = [
  ...[
    "build",
    "build_in_background",
    "publish",
    "validate",
    "plan",
    "inspect_build_context",
    "to_json",
    "to_dockerfile",
  ],
  ...["get", "list", "exists", "delete", "list_builds", "create_warm_pool", "set_visibility", "get_namespace"],
  ...["assign_tags", "get_tags", "remove_tag", "remove_tags", "list_aliases", "remove_alias"],
  ...["reserve_name", "release_name_claim"],
];
const NOT_STEPS = ["constructor", "toJSON", "toDockerfile", "definition"];

/** Entries are a set by contract: the Python client sends them in the order of the disk. */
function sorted(body: unknown): unknown {
  const order = (files: ContextFile[]): ContextFile[] => [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const request = body as { files?: ContextFile[]; build_context?: { files: ContextFile[] } };
  if (request.files) return { files: order(request.files) };
  if (request.build_context) return { ...request, build_context: { files: order(request.build_context.files) } };
  return body;
}

function makeFixture(): void {
  const files: Record<string, string> = {
    "outside.txt": "outside",
    "work/account.json": '{"type":"service_account"}',
    "work/ctx/Dockerfile": "FROM alpine\nCOPY . /app\n",
    "work/ctx/docker/app.Dockerfile": "FROM alpine\n",
    "work/ctx/docker/app.Dockerfile.dockerignore": "src\n",
    "work/ctx/.dockerignore": "*.log\n!keep.log\nnode_modules/\n!node_modules/kept.txt\n/only-root\nfoo/**\n!foo/bar\n",
    "work/ctx/b.sh": "#!/bin/sh\n",
    "work/ctx/src/a.txt": "a",
    "work/ctx/src/same.txt": "a",
    "work/ctx/src/ä ö/名前.txt": "unicode",
    "work/ctx/app.log": "log",
    "work/ctx/keep.log": "log",
    "work/ctx/node_modules/x/index.js": "x",
    "work/ctx/node_modules/kept.txt": "kept",
    "work/ctx/only-root": "1",
    "work/ctx/src/only-root": "1",
    "work/ctx/foo/bar/x": "x",
    "work/ctx/foo/y": "y",
    "work/ctx/deep/x/keep.txt": "k",
    "work/ctx/deep/x/drop.txt": "d",
    "work/ctx/empty-file": "",
    "work/ctx/src/.env.prod": "SECRET=1",
    "work/ctx/build/out.pem": "key",
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  mkdirSync(join(root, "work/ctx/empty"));
  chmodSync(join(root, "work/ctx/b.sh"), 0o4755);
  chmodSync(join(root, "work/ctx/src/a.txt"), 0o600);
}
