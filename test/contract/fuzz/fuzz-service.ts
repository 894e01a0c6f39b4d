import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunningService } from "../../engine/service/running-service.ts";

/** How hard to try. */
export interface FuzzOptions {
  /** The same seed draws the same requests. */
  seed: number;
  /** Random requests a call, at most. */
  examples: number;
  /** Systematic edge cases of each parameter and body, random requests, chains of calls along the links. */
  phases: ("coverage" | "fuzzing" | "stateful")[];
  /** Leaves out calls that are another way to the same: refs as ids, machines under their old name, builds that wait. */
  isShort?: boolean;
  /** Goes on until then, in seconds. */
  seconds?: number;
  onOutput?: (text: string) => void;
}

/** What schemathesis says at the end. */
export interface FuzzReport {
  code: number | null;
  output: string;
}

const TWIN_PATHS = String.raw`^/v1/(sandboxes|templates/\{ref\})`;
const TWIN_CALLS = ["build", "buildAndWait", "planBuild"].flatMap((id) => ["--exclude-operation-id", id]);

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** Has schemathesis call the service in every way that its own `/openapi.json` allows and forbids. */
export async function fuzzService(service: RunningService, options: FuzzOptions): Promise<FuzzReport> {
  const known = await makeKnown(service);
  const python = process.env.NULLSPACE_PYTHON;
  if (python === undefined) throw new Error("NULLSPACE_PYTHON is not set; scripts/setup.mjs says how");
  const args = [
    ...["-c", "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"],
    ...["--config-file", join(FOLDER, "schemathesis.toml"), "run", `${service.url}/openapi.json`, "--no-color"],
    ...["--seed", String(options.seed), "--max-examples", String(options.examples)],
    ...["--phases", options.phases.join(",")],
    ...(options.seconds === undefined ? [] : ["--max-time", String(options.seconds)]),
    ...(options.isShort === true ? ["--exclude-path-regex", TWIN_PATHS, ...TWIN_CALLS] : []),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(python, args, {
      // It leaves a cache where it runs.
      cwd: service.dataDirectory,
      env: {
        PATH: process.env.PATH,
        PYTHONPATH: FOLDER,
        HOME: service.dataDirectory,
        NO_PROXY: "127.0.0.1",
        PYTHONDONTWRITEBYTECODE: "1",
        NULLSPACE_API_KEY: service.apiKey,
        NULLSPACE_BASE_IMAGE: process.env.NULLSPACE_BASE_IMAGE,
        NULLSPACE_FUZZ_KNOWN: JSON.stringify(known),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        options.onOutput?.(text);
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

/** One of everything, so that not all calls are about what does not exist. */
async function makeKnown(service: RunningService): Promise<Record<string, string[]>> {
  const { build } = await service.build({
    name: "web",
    base_image: process.env.NULLSPACE_BASE_IMAGE,
    tags: ["v1", "v2"],
  });
  await service.call("POST", "/v1/templates/refs/local%2Fweb/rename", { new_name: "site" });
  const resources = { vcpus: 1, memory_mb: 64 };
  const pool = { name: "kept", template_ref: "local/site:v1", min_ready: 0, max_ready: 1, resources };
  const { body: madePool } = await service.call("POST", "/v1/template-warm-pools", pool);
  const machine = { template: "local/site:v1", vcpus: 1, memory_mb: 64, timeout_ms: 3_600_000 };
  const { body: madeMachine } = await service.call("POST", "/v1/machines", machine, { "idempotency-key": "fuzz" });
  const { body: claim } = await service.call("POST", "/v1/templates/claims", { template_ref: "claimed" });
  return {
    ref: ["local/site:v1", "local/site", build.template_id, `local/site:${build.build_id}`, "nullspace/base"],
    build_id: [build.build_id],
    tag: ["v1", "v2", "none"],
    alias: ["local/web"],
    slug: ["local", "nullspace"],
    claim_token: [claim.claim_token],
    pool: [madePool.id],
    machine: [madeMachine.id],
    pid: ["1"],
  };
}
