/**
 * What a store costs that has seen years: 100 templates with 1,000 builds each, 1,000,000 log entries, and 100,000 machines
 * that have ended. No engine is needed.
 *
 *   npm run bench:service -- 1 store
 *
 * Prints the time of a start, what each list takes (median and 99th percentile of many calls over HTTP), what the page and
 * the figures for Prometheus take, and the memory of the service after all that, each beside its target. Measure on an idle machine.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import { Database } from "../../../service/store/database.ts";
import { growStore } from "../../unit/service/grown-store.ts";
import { median, quantile, timed } from "../measure.ts";

/** As it is published: to strip types from sources takes time and memory of its own. */
const COMMAND = fileURLToPath(new URL("../../../service/dist/bin/nullspace-local.js", import.meta.url));
const CALLS_EACH = 300;
const KEY = "bench_".padEnd(40, "k");

/** What the store has seen, and how often each list is asked for. */
export interface StoreBenchOptions {
  templates?: number;
  buildsPerTemplate?: number;
  logEntriesPerBuild?: number;
  endedMachines?: number;
  callsEach?: number;
}

/** One figure with its target; both in the unit that the name says. */
export interface StoreFigure {
  name: string;
  value: number;
  target?: number;
}

/** Measures a service on a large store. */
export async function benchStore({
  templates = 100,
  buildsPerTemplate = 1_000,
  logEntriesPerBuild = 10,
  endedMachines = 100_000,
  callsEach = CALLS_EACH,
}: StoreBenchOptions = {}): Promise<StoreFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), "nullspace-bench-store-"));
  const data = join(folder, "data");
  try {
    // The first start makes the folder, with a store that has nothing in it.
    await (await serve(data)).stop();
    const store = join(data, "store.db");
    const db = new Database(store);
    growStore(db, { templates, buildsPerTemplate, logEntriesPerBuild, endedMachines });
    db.close();
    const bytes = statSync(store).size;

    let service = await serve(data);
    await service.stop();
    service = await serve(data);
    const figures: StoreFigure[] = [
      { name: "store, MB", value: bytes / 1e6 },
      { name: "start, ms (process included)", value: service.startMs, target: 1_000 },
    ];
    for (const [name, path] of Object.entries(LISTS)) {
      const times: number[] = [];
      const before = service.cpuMs();
      for (let i = 0; i < callsEach; i++) times.push(await timed(() => service.get(path)));
      const cpuMs = (service.cpuMs() - before) / callsEach;
      figures.push({ name: `${name}, ms median`, value: median(times) });
      figures.push({ name: `${name}, ms p99`, value: quantile(times, 0.99), target: 10 });
      const cpuTarget = CPU_TARGETS[name];
      figures.push({ name: `${name}, ms of CPU`, value: cpuMs, ...(cpuTarget !== undefined && { target: cpuTarget }) });
    }
    await service.logIn();
    for (const [name, path] of Object.entries(LOOKS)) {
      const times: number[] = [];
      for (let i = 0; i < callsEach; i++) times.push(await timed(() => service.get(path)));
      figures.push({ name: `${name}, ms median`, value: median(times) });
    }
    figures.push({ name: "memory of the service, MB", value: service.residentBytes() / 1e6, target: 200 });
    await service.stop();
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const LISTS: Record<string, string> = {
  "all templates": "/v1/templates",
  "a bare name": "/v1/templates/refs/t1",
  "builds of a template": "/v1/templates/refs/t1/builds",
  "failed builds of a template": "/v1/templates/refs/t1/builds?status=error",
  tags: "/v1/templates/refs/t1/tags",
  "moves of a tag": "/v1/templates/refs/t1/tag-moves?tag=latest",
  "machines that run": "/v1/machines?state=running&limit=20",
  pools: "/v1/template-warm-pools",
};

/** What people and Prometheus look at. */
const LOOKS: Record<string, string> = {
  "the overview of the page": "/ui/",
  "its templates": "/ui/templates",
  "its builds of a template": "/ui/templates/local/t1",
  "its machines that have ended": "/ui/machines?state=destroyed",
  "its disk": "/ui/disk",
  "its audit trail": "/ui/audit",
  "the figures for Prometheus": "/metrics",
};

/** With the way over HTTP; the published targets are for the store's own part. */
const CPU_TARGETS: Record<string, number> = { "all templates": 5, "a bare name": 2 };

async function serve(data: string) {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", COMMAND, "serve", "--port", "0", "--data", data, "--log-level", "error"],
    {
      env: { ...process.env, DOCKER_HOST: `unix://${join(data, "no-engine.sock")}`, NULLSPACE_LOCAL_API_KEY: KEY },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const startMs = performance.now() - started;
  const url = line.slice(line.indexOf("=") + 1);
  let cookie = "";
  return {
    startMs,
    /** As somebody who opens the page in a browser: from then on `get` reads pages, too. */
    async logIn(): Promise<void> {
      const headers = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" };
      const answer = await request(`${url}/ui/log-in`, { method: "POST", headers, body: `key=${KEY}` });
      await answer.body.dump();
      cookie = String(answer.headers["set-cookie"]).split(";", 1)[0]!;
    },
    async get(path: string): Promise<void> {
      const headers = path.startsWith("/ui/") ? { cookie } : { authorization: `Bearer ${KEY}` };
      const answer = await request(url + path, { headers });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`GET ${path} answered ${answer.statusCode}: ${text}`);
    },
    /** User and system time of the process so far, in milliseconds (Linux counts in hundredths of a second). */
    cpuMs(): number {
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    residentBytes(): number {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
    },
    async stop(): Promise<void> {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Measures and prints. */
export async function reportStore(): Promise<void> {
  console.log("a store of 100,000 builds, 1,000,000 log entries and 100,000 machines that have ended");
  for (const { name, value, target } of await benchStore()) {
    const verdict = target === undefined ? "" : `  (target ${target}: ${value <= target ? "met" : "missed"})`;
    console.log(`  ${value.toFixed(1).padStart(9)}  ${name}${verdict}`);
  }
}
