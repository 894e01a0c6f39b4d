import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { BASE_IMAGE } from "./fleet-fixture.ts";

const COMMAND = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));
/** Has the process hold its answers against its own description, as the tests' own process does. */
const OBSERVER = new URL("../../contract/openapi/observe-process.ts", import.meta.url).href;

/** `nullspace-local serve` as a process of its own, which can be killed and started again on the same data. */
export class ServiceProcess implements AsyncDisposable {
  readonly engine = new DockerEngine();
  readonly #folder = mkdtempSync(join(tmpdir(), "nullspace-process-"));
  readonly #data = join(this.#folder, "data");
  readonly #problems = join(this.#folder, "undescribed-answers");
  /** Printed by the first start alone. */
  #apiKey = "";
  #child: ChildProcess | undefined;
  #client: NullspaceClient | undefined;

  async start(): Promise<void> {
    const flags = ["--conditions=nullspace-source", "--disable-warning=ExperimentalWarning", "--import", OBSERVER];
    writeFileSync(this.#problems, "", { flag: "a" });
    const child = spawn(process.execPath, [...flags, COMMAND, "serve", "--port", "0", "--data", this.#data], {
      env: { ...process.env, NULLSPACE_LOCAL_BASE_IMAGE: BASE_IMAGE, NULLSPACE_TEST_PROBLEMS: this.#problems },
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#child = child;
    const values = new Map<string, string>();
    for await (const line of createInterface({ input: child.stdout })) {
      const at = line.indexOf("=");
      values.set(line.slice(0, at), line.slice(at + 1));
      this.#apiKey = values.get("NULLSPACE_API_KEY") ?? this.#apiKey;
      if (values.has("NULLSPACE_API_URL") && this.#apiKey !== "") break;
    }
    this.#client = new NullspaceClient({
      baseUrl: values.get("NULLSPACE_API_URL") ?? "",
      apiKey: this.#apiKey,
    });
  }

  /** Ends the process at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    await this.#client?.close();
  }

  get client(): NullspaceClient {
    if (this.#client === undefined) throw new Error("the service is not started");
    return this.#client;
  }

  /** Containers of this service on the engine. */
  containers() {
    const id = readFileSync(join(this.#data, "instance-id"), "utf8").trim();
    return this.engine.containers.list({ all: true, filters: { label: [`${INSTANCE_LABEL}=${id}`] } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    for (const { Id } of await this.containers()) await this.engine.containers.remove(Id, { force: true });
    await this.engine.close();
    const problems = readFileSync(this.#problems, "utf8");
    rmSync(this.#folder, { recursive: true });
    if (problems !== "") throw new Error(`Answers that /openapi.json does not describe:\n${problems}`);
  }
}
