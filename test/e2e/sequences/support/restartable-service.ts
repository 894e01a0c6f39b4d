import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServiceProcess, type ServiceProcess } from "../../../../scripts/quickstart/local-service.ts";
import { NullspaceClient } from "../../../../sdk/client/index.ts";
import { FaultProxy } from "../../../engine/provider/fault-proxy.ts";
import { repo } from "../../support/pulumi-project.ts";

/** A service that can go away and come back under the same address, with its data. */
export class RestartableService implements AsyncDisposable {
  readonly #folder: string;
  readonly #proxy: FaultProxy;
  #process: ServiceProcess;
  readonly client: NullspaceClient;

  private constructor(folder: string, proxy: FaultProxy, process: ServiceProcess) {
    this.#folder = folder;
    this.#proxy = proxy;
    this.#process = process;
    this.client = new NullspaceClient({ apiKey: process.env.NULLSPACE_API_KEY, baseUrl: proxy.url });
  }

  static async start(): Promise<RestartableService> {
    const folder = mkdtempSync(join(tmpdir(), "nullspace-service-"));
    const process = await launch(folder);
    return new RestartableService(folder, await FaultProxy.start(process.env.NULLSPACE_API_URL), process);
  }

  /** The address stays the same over restarts. */
  get env(): Record<string, string> {
    return { ...this.#process.env, NULLSPACE_API_URL: this.#proxy.url };
  }

  /** Ends the service as a crash does, and starts it again on its data. */
  async restart(): Promise<void> {
    process.kill(this.#process.pid, "SIGKILL");
    await this.#process.stop();
    this.#process = await launch(this.#folder, this.#process.env.NULLSPACE_API_KEY);
    this.#proxy.target = this.#process.env.NULLSPACE_API_URL;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.#process.stop();
    await this.#proxy[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function launch(folder: string, apiKey?: string): Promise<ServiceProcess> {
  return startServiceProcess({
    node: [join(repo, "service", "dist", "bin", "nullspace-local.js")],
    dataDir: join(folder, "data"),
    logFile: join(folder, "service.log"),
    env: process.env,
    ...(apiKey !== undefined && { apiKey }),
  });
}
