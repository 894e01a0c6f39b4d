import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Machine, NullspaceClient, TemplateBuild, type LogEntry } from "../../sdk/index.ts";
import { BASE_IMAGE, RunningService } from "../engine/service/running-service.ts";
import { PythonClient } from "./python/python-client.ts";
import { BUILD_LIFE_SCENARIOS } from "./scenarios/build-life.ts";
import { BUILD_SCENARIOS } from "./scenarios/builds.ts";
import { ERROR_SCENARIOS } from "./scenarios/errors.ts";
import { MACHINE_SCENARIOS } from "./scenarios/machines.ts";
import { POOL_SCENARIOS } from "./scenarios/pools.ts";
import { PUBLISHED_CLIENT_SCENARIOS } from "./scenarios/published-client.ts";
import { REF_SCENARIOS } from "./scenarios/refs.ts";
import { refused, type Place } from "./scenarios/scenario.ts";

let service: RunningService;
let python: PythonClient;
let client: NullspaceClient;
let root: string;

beforeAll(async () => {
  service = await RunningService.start();
  python = new PythonClient({ url: service.url, apiKey: service.apiKey, home: service.dataDirectory });
  client = new NullspaceClient({ apiKey: service.apiKey, baseUrl: service.url, env: {} });
  root = mkdtempSync(join(tmpdir(), "scenarios-"));
  for (const who of ["py", "ts"]) makeFolder(join(root, who), who);
});

afterAll(async () => {
  await client.close();
  await python[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

/** Runs one program under a name of its own, and gives what it saw with that name taken out. */
async function play(name: string, program: (place: Place) => Promise<unknown>): Promise<unknown> {
  const seen = await program({ name, folder: join(root, name.slice(0, 2)), connection: { client } });
  return JSON.parse(JSON.stringify(seen).replaceAll(name, "NAME"));
}

const inPython =
  (program: string) =>
  ({ name, folder }: Place): Promise<unknown> =>
    python.run(`NAME, FOLDER = ${JSON.stringify(name)}, ${JSON.stringify(folder)}\n${program}`);

function makeFolder(folder: string, who: string): void {
  const page = `hello\n<!-- ${who} -->\n`;
  mkdirSync(join(folder, "app"), { recursive: true });
  writeFileSync(join(folder, "app/index.html"), page);
  writeFileSync(join(folder, "app/again.html"), page);
  writeFileSync(join(folder, "noise.log"), "noise\n");
  writeFileSync(join(folder, ".dockerignore"), "*.log\n");
  writeFileSync(
    join(folder, "Dockerfile"),
    `FROM ${BASE_IMAGE}\nLABEL team=a\nEXPOSE 8080\nCOPY . /srv\nRUN cd /srv && test -f app/again.html && test ! -e noise.log && test ! -e Dockerfile\n`,
  );
}

describe.each([
  { group: "builds", scenarios: BUILD_SCENARIOS },
  { group: "life", scenarios: BUILD_LIFE_SCENARIOS },
  { group: "refs", scenarios: REF_SCENARIOS },
  { group: "pools", scenarios: POOL_SCENARIOS },
  { group: "machines", scenarios: MACHINE_SCENARIOS },
  { group: "errors", scenarios: ERROR_SCENARIOS },
])("$group, by either client:", ({ group, scenarios }) => {
  it.each(scenarios.map((scenario, index) => ({ ...scenario, key: `${group}-${index}` })))(
    "$name",
    async ({ key, ours, python: program, outcome }) => {
      const [theirs, mine] = await Promise.all([play(`py-${key}`, inPython(program)), play(`ts-${key}`, ours)]);
      expect(theirs).toEqual(outcome);
      expect(mine).toEqual(outcome);
    },
  );
});

describe("the published client, beyond ours,", () => {
  it.each(PUBLISHED_CLIENT_SCENARIOS.map((scenario, index) => ({ ...scenario, key: `py-published-${index}` })))(
    "$name",
    async ({ key, python: program, outcome }) => {
      expect(await play(key, inPython(program))).toEqual(outcome);
    },
  );
});

describe("a service that holds as many machines as it can", () => {
  it("refuses one more to either client", async () => {
    // A thousand real ones would take an hour; rows in its store are what it counts.
    const store = new DatabaseSync(join(service.dataDirectory, "store.db"));
    using cleanUp = new DisposableStack();
    cleanUp.defer(() => store.close());
    const made = await Machine.create({ vcpus: 1, memoryMib: 64 }, { client });
    const replaced: Record<string, string> = {
      machine_id: "'mch_' || number",
      idempotency_key: "NULL",
      request_digest: "'counted'",
      seq: "NULL",
    };
    const columns = Object.keys(store.prepare("SELECT * FROM machines").get()!);
    cleanUp.defer(() => store.exec("DELETE FROM machines WHERE request_digest = 'counted'"));
    store.exec(
      `WITH RECURSIVE numbers (number) AS (VALUES (1) UNION ALL SELECT number + 1 FROM numbers WHERE number < 1000)
       INSERT INTO machines (${columns.join()})
       SELECT ${columns.map((name) => replaced[name] ?? name).join()} FROM machines, numbers WHERE machine_id = '${made.id}'`,
    );
    await made.kill();
    const [theirs, mine] = await Promise.all([
      python.run("answer = refused(lambda: Machine.create(vcpus=1, memory_mb=64))"),
      refused(() => Machine.create({ vcpus: 1, memoryMib: 64 }, { client })),
    ]);
    expect([theirs, mine]).toEqual(Array(2).fill("QuotaExceededError quota_exceeded"));
  });
});

describe("a build that one process starts", () => {
  it("is followed from its first entry to its last by others, and cancelled by one of them", async () => {
    const { build_id: buildId } = await python.run(`
answer = {"build_id": Template.build_in_background(Template.from_image(BASE).skip_cache().run_cmd("echo waiting; sleep 300"), "followed")["build_id"]}`);
    const others = [
      python.run(
        `answer = [[entry.offset, entry.kind.value, entry.message] for entry in TemplateBuild.connect("${buildId}").logs(follow=True)]`,
      ),
      python
        .command("template", "logs", buildId, "--follow", "--json")
        .then(({ stdout }) => (JSON.parse(stdout) as LogEntry[]).map(brief)),
    ];
    await using build = await TemplateBuild.connect(buildId, { client });
    const seen: LogEntry[] = [];
    for await (const entry of build.logs({ follow: true })) {
      seen.push(entry);
      if (entry.message === "waiting") await build.cancel("seen enough");
    }
    expect(seen.at(-1)).toMatchObject({ kind: "cancelled", message: expect.stringContaining("seen enough") });
    for (const other of await Promise.all(others)) expect(other).toEqual(seen.map(brief));
  });
});

function brief({ offset, kind, message }: LogEntry): unknown[] {
  return [offset, kind, message];
}
