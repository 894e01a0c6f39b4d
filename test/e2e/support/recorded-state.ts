import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { PulumiProject, repo } from "./pulumi-project.ts";
import { baseImage, startTestService, type TestService } from "./service.ts";

/** Both shells, by what a program imports. */
export const SHELLS = { dynamic: "pulumi-nullspace", plugin: "pulumi-nullspace/native" } as const;
export type Shell = keyof typeof SHELLS;

const STATES = join(repo, "test", "e2e", "states");
const COMMAND = join(repo, "service", "dist", "bin", "nullspace-local.js");
/** The base of what is recorded, by the same name on every machine: the name of an image is part of what a build is of. */
const BASE = "nullspace-recorded/base:1";

/** What is kept beside the states: who the service was. */
interface Recording {
  instanceId: string;
}

/** Versions whose states are recorded. */
export function recordedVersions(): string[] {
  return readdirSync(STATES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^\d/.test(entry.name))
    .map(({ name }) => name);
}

/** The entry of a program over the recorded resources. @param options source of the resources' options */
export function programOf(shell: Shell, prefix: string, options = "undefined"): string {
  const words = [`require(${JSON.stringify(SHELLS[shell])})`, JSON.stringify(prefix), options];
  return `"use strict";\nmodule.exports = require("./stack.js")(${words.join(", ")});\n`;
}

/** A project of the recorded program, without a state as yet. */
export function projectOf(folder: string, program: string, service: TestService): PulumiProject {
  const project = new PulumiProject({ program, env: service.env });
  cpSync(folder, join(project.dir, "program"), { recursive: true });
  return project;
}

/**
 * Records what this version leaves behind: the exported state of either shell, and the service that they are of, without what
 * lies on its engine.
 */
export async function recordState(version: string): Promise<void> {
  const target = join(STATES, version);
  const work = mkdtempSync(join(tmpdir(), "nullspace-record-"));
  await using engine = new DisposableEngine();
  await engine.images.tag(baseImage(), BASE);
  await using service = await startTestService();
  try {
    rmSync(target, { recursive: true, force: true });
    cpSync(join(STATES, "program"), join(target, "program"), { recursive: true });
    const projects: PulumiProject[] = [];
    for (const shell of Object.keys(SHELLS) as Shell[]) {
      const project = projectOf(join(target, "program"), programOf(shell, shell), service);
      projects.push(project);
      await project.ok("stack", "init", "dev");
      await project.ok("up", "--yes", "--skip-preview");
      const state = withoutPlaces((await project.ok("stack", "export")).stdout);
      for (const word of [repo, project.dir, service.env.NULLSPACE_API_KEY, "recorded-build-secret"]) {
        if (state.includes(word)) throw new Error(`the state of the ${shell} shell has ${word} in it`);
      }
      writeFileSync(join(target, `${shell}.json`), state);
    }
    const instanceId = readFileSync(join(service.dataDir, "instance-id"), "utf8").trim();
    const backup = join(work, "service");
    execFileSync(process.execPath, [COMMAND, "backup", backup, "--data", service.dataDir], { stdio: "ignore" });
    execFileSync("tar", ["-czf", join(target, "service.tar.gz"), "-C", work, "service"]);
    const recording: Recording = { instanceId };
    writeFileSync(join(target, "recording.json"), `${JSON.stringify(recording, undefined, 2)}\n`);
    for (const project of projects) {
      await project.ok("destroy", "--yes", "--skip-preview");
      project.dispose();
    }
    await service.stop();
    reset(service.dataDir);
  } finally {
    await engine.images.remove(BASE);
    rmSync(work, { recursive: true, force: true });
  }
}

/** Where in the files of the recording machine a resource was declared is of no use, and tells of the machine. */
function withoutPlaces(state: string): string {
  const isPlace = (key: string): boolean => key === "sourcePosition" || key === "stackTrace";
  const text = JSON.stringify(
    JSON.parse(state, (key, value: unknown) => (isPlace(key) ? undefined : value)),
    undefined,
    2,
  );
  return `${text}\n`;
}

/** A recorded service that runs again, and the states that are of it. */
export class RestoredState implements AsyncDisposable {
  readonly service: TestService;
  readonly #folder: string;
  readonly #work: string;
  /** What this run calls what has another name in the recording. */
  readonly #ownNames: ReadonlyMap<string, string>;
  readonly #instanceId: string;

  private constructor(fields: {
    service: TestService;
    folder: string;
    work: string;
    ownNames: ReadonlyMap<string, string>;
    instanceId: string;
  }) {
    this.service = fields.service;
    this.#folder = fields.folder;
    this.#work = fields.work;
    this.#ownNames = fields.ownNames;
    this.#instanceId = fields.instanceId;
  }

  /**
   * The service comes from its backup, under an id of this run: another run on the same engine may have the same one. Its
   * images are not in a backup: one is made again, of the recorded files, under names of this run, and the store is told what
   * this engine calls it.
   */
  static async open(version: string): Promise<RestoredState> {
    const folder = join(STATES, version);
    const recording = JSON.parse(readFileSync(join(folder, "recording.json"), "utf8")) as Recording;
    const work = mkdtempSync(join(tmpdir(), "nullspace-restored-"));
    execFileSync("tar", ["-xzf", join(folder, "service.tar.gz"), "-C", work]);
    const dataDir = join(work, "service");
    const instanceId = randomBytes(8).toString("hex");
    writeFileSync(join(dataDir, "instance-id"), `${instanceId}\n`, { mode: 0o600 });
    const ids = await restoreImages(join(dataDir, "store.db"), join(folder, "program", "app"), instanceId);
    const ownNames = ids.set(recording.instanceId, instanceId);
    const made = execFileSync(process.execPath, [COMMAND, "keys", "create", "upgrade", "--data", dataDir], {
      encoding: "utf8",
    });
    const apiKey = /^NULLSPACE_API_KEY=(.+)$/m.exec(made)![1]!;
    const service = await startTestService({ data: { dir: dataDir, apiKey } });
    return new RestoredState({ service, folder, work, ownNames, instanceId });
  }

  /** A stack with the recorded state of a shell, and a program for it. */
  async project(recorded: Shell, program: string): Promise<PulumiProject> {
    const project = projectOf(join(this.#folder, "program"), program, this.service);
    const state = readFileSync(join(this.#folder, `${recorded}.json`), "utf8");
    const file = join(project.dir, "recorded.json");
    writeFileSync(
      file,
      [...this.#ownNames].reduce((text, [recorded, own]) => text.replaceAll(recorded, own), state),
    );
    await project.ok("stack", "init", "dev");
    await project.ok("stack", "import", "--file", file);
    return project;
  }

  /** Names of the images that the service has. */
  async images(): Promise<string[]> {
    await using engine = new DisposableEngine();
    const images = await engine.images.list({ filters: { label: [`${INSTANCE_LABEL}=${this.#instanceId}`] } });
    return images.flatMap(({ RepoTags }) => RepoTags ?? []).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.stop();
    reset(this.service.dataDir);
    await this.service[Symbol.asyncDispose]();
    rmSync(this.#work, { recursive: true, force: true });
  }
}

/** Takes away what a service has on the engine: its pools fill themselves as long as it runs. */
function reset(dataDir: string): void {
  execFileSync(process.execPath, [COMMAND, "reset", "--yes", "--data", dataDir], { stdio: "ignore" });
}

class DisposableEngine extends DockerEngine implements AsyncDisposable {
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Builds the recorded files on the base of this machine, and has the store know what came out as each of its artifacts, by an
 * id of this run: the engine has images by the ids of their artifacts.
 *
 * @returns the new ids by the recorded ones
 */
async function restoreImages(storeFile: string, path: string, instanceId: string): Promise<Map<string, string>> {
  await using engine = new DisposableEngine();
  const { imageId } = await engine.build({
    path,
    dockerfileContent: readFileSync(join(path, "Dockerfile"), "utf8").replace(BASE, baseImage()),
    buildArgs: { GREETING: "hello" },
    secrets: [{ id: "token", value: "recorded-build-secret" }],
    labels: { [INSTANCE_LABEL]: instanceId },
  }).done;
  const store = new DatabaseSync(storeFile, { enableForeignKeyConstraints: false });
  try {
    const ids = new Map<string, string>();
    for (const { image_ref } of store.prepare("SELECT image_ref FROM artifacts").all()) {
      const [repository, id] = String(image_ref).split("/");
      // The random part of an id has as many characters as the id of a service.
      const own = `${id!.slice(0, -instanceId.length)}${instanceId}`;
      await engine.images.tag(imageId, `${repository}/${own}:latest`);
      ids.set(id!, own);
    }
    replaceEverywhere(store, ids);
    store.prepare("UPDATE artifacts SET image_id = ?").run(imageId);
    return ids;
  } finally {
    store.close();
  }
}

/** In every text of a store. */
function replaceEverywhere(store: DatabaseSync, words: ReadonlyMap<string, string>): void {
  for (const { table, column } of store
    .prepare(
      `SELECT tables.name AS "table", columns.name AS "column" FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
       WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%' AND columns.type = 'TEXT'`,
    )
    .all()) {
    const change = store.prepare(`UPDATE "${table}" SET "${column}" = replace("${column}", ?, ?)`);
    for (const [from, to] of words) change.run(from, to);
  }
}
