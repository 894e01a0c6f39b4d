import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** How to run a {@link ServiceProcess}. */
export interface ServiceProcessOptions {
  /** Engine that it builds and runs machines on. Default: that of the tests. */
  dockerHost?: string;
  /** Modules that the process loads before everything else. */
  imports?: readonly string[];
  /** Further variables of the process. */
  env?: Readonly<Record<string, string>>;
}

/** `nullspace-local serve` as a process of its own, which can be killed and started again on the same data. */
export class ServiceProcess implements AsyncDisposable {
  readonly engine: DockerEngine;
  readonly #folder = mkdtempSync(join(tmpdir(), "nullspace-process-"));
  /** Folder of its state. */
  readonly data = join(this.#folder, "data");
  readonly #options: ServiceProcessOptions;
  readonly #problems = join(this.#folder, "undescribed-answers");
  /** Printed by the first start alone. */
  #apiKey = "";
  #child: ChildProcess | undefined;
  #client: NullspaceClient | undefined;
  #access = { url: "", apiKey: "" };

  constructor(options: ServiceProcessOptions = {}) {
    this.#options = options;
    this.engine = new DockerEngine(options.dockerHost === undefined ? {} : { host: options.dockerHost, env: {} });
  }

  /** Starts it, and waits until it serves. @throws Error when it ends before that */
  async start(): Promise<void> {
    const child = this.launch();
    const values = new Map<string, string>();
    for await (const line of createInterface({ input: child.stdout! })) {
      const at = line.indexOf("=");
      values.set(line.slice(0, at), line.slice(at + 1));
      this.#apiKey = values.get("NULLSPACE_API_KEY") ?? this.#apiKey;
      if (values.has("NULLSPACE_API_URL") && this.#apiKey !== "") break;
    }
    const [url, apiKey] = [values.get("NULLSPACE_API_URL"), this.#apiKey];
    if (url === undefined || apiKey === "") throw new Error("the service has ended before it served");
    this.#access = { url, apiKey };
    this.#client = new NullspaceClient({ baseUrl: url, apiKey });
  }

  /** Starts it without waiting for anything. */
  launch(): ChildProcess {
    this.#child = this.launchBeside();
    return this.#child;
  }

  /** Starts one more on the same folder, which the caller has to end. */
  launchBeside(): ChildProcess {
    const { imports = [], env, dockerHost } = this.#options;
    const flags = ["--conditions=nullspace-source", "--disable-warning=ExperimentalWarning"];
    for (const module of [...imports, OBSERVER]) flags.push("--import", module);
    const args = ["serve", "--port", "0", "--data", this.data];
    if (dockerHost !== undefined) args.push("--docker-host", dockerHost);
    writeFileSync(this.#problems, "", { flag: "a" });
    return spawn(process.execPath, [...flags, COMMAND, ...args], {
      env: {
        ...process.env,
        NULLSPACE_LOCAL_BASE_IMAGE: BASE_IMAGE,
        NULLSPACE_TEST_PROBLEMS: this.#problems,
        ...env,
      },
      stdio: ["ignore", "pipe", "ignore"],
    });
  }

  /** Base URL and key, for calls that are not the client's. */
  get access(): { url: string; apiKey: string } {
    return this.#access;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends the process at once, in the middle of whatever it does. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Ends the process in good order, as a service manager does. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
    await this.#client?.close();
  }

  get client(): NullspaceClient {
    if (this.#client === undefined) throw new Error("the service is not started");
    return this.#client;
  }

  /** Tells its containers and images from those of other services. */
  get instanceId(): string {
    return readFileSync(join(this.data, "instance-id"), "utf8").trim();
  }

  /** Containers of this service on the engine. */
  containers() {
    return this.engine.containers.list({ all: true, filters: { label: [`${INSTANCE_LABEL}=${this.instanceId}`] } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (existsSync(join(this.data, "instance-id"))) {
      for (const { Id } of await this.containers()) await this.engine.containers.remove(Id, { force: true });
      const filters = { label: [`${INSTANCE_LABEL}=${this.instanceId}`] };
      for (const { Id } of await this.engine.images.list({ filters })) {
        await this.engine.images.remove(Id, { force: true });
      }
    }
    await this.engine.close();
    const problems = readFileSync(this.#problems, "utf8");
    rmSync(this.#folder, { recursive: true });
    if (problems !== "") throw new Error(`Answers that /openapi.json does not describe:\n${problems}`);
  }
}
