import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { bareEnvironment } from "../../bare-environment.ts";
import { withoutSecrets } from "./arbitrary-inputs.ts";
import { struct } from "./plugin-client.ts";

type Properties = Record<string, unknown>;

/** Properties as the engine sends them to a provider that does not accept secrets, which Pulumi's dynamic one does not. */
const sent = (properties: Properties) => struct(withoutSecrets(properties) as Properties);

/** Pulumi's own process for dynamic resources, called as the engine calls it. */
export class DynamicProviderProcess implements AsyncDisposable {
  readonly client: InstanceType<typeof providerGrpc.ResourceProviderClient>;
  readonly #process: ChildProcess;
  /** What the process wrote: the engine shows it to the user. */
  readonly written: string[] = [];

  private constructor(client: DynamicProviderProcess["client"], child: ChildProcess) {
    this.client = client;
    this.#process = child;
  }

  /** @param cwd folder of the program: packages are found from here */
  static async start({ cwd, env }: { cwd: string; env: Record<string, string> }): Promise<DynamicProviderProcess> {
    const program = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/dynamic-provider/index.js");
    const child = spawn(process.execPath, ["--conditions=nullspace-source", program, "127.0.0.1:1"], {
      cwd,
      env: bareEnvironment({ HOME: cwd, ...env }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const lines = createInterface(child.stdout);
    const port = await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      child.once("exit", (code) => reject(new Error(`the process ended with exit code ${code}`)));
    });
    const client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const provider = new DynamicProviderProcess(client, child);
    lines.on("line", (line) => provider.written.push(line));
    child.stderr.setEncoding("utf8").on("data", (text: string) => provider.written.push(text));
    return provider;
  }

  /** Stops reading what the process writes, as an engine does that is killed. @returns resolves when the process has ended */
  async hangUp(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#process.once("exit", () => resolve()));
    this.#process.stdout?.destroy();
    this.#process.stderr?.destroy();
    await ended;
  }

  call<Response>(
    method: (callback: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
  ): Promise<Response> {
    return new Promise((resolve, reject) =>
      method((error, response) => (error === null ? resolve(response) : reject(error))),
    );
  }

  async configure(args: Properties): Promise<void> {
    const request = new providerProto.ConfigureRequest();
    request.setArgs(sent(args));
    await this.call((done) => this.client.configure(request, done));
  }

  async check(news: Properties, olds: Properties = {}) {
    const request = new providerProto.CheckRequest();
    request.setOlds(sent(olds));
    request.setNews(sent(news));
    const response = await this.call<InstanceType<typeof providerProto.CheckResponse>>((done) =>
      this.client.check(request, done),
    );
    return {
      inputs: response.getInputs()?.toJavaScript() as Properties,
      failures: response.getFailuresList().map((failure) => failure.toObject()),
    };
  }

  async diff(olds: Properties, news: Properties) {
    const request = new providerProto.DiffRequest();
    request.setId("local/web");
    request.setOlds(sent(olds));
    request.setNews(sent(news));
    const response = await this.call<InstanceType<typeof providerProto.DiffResponse>>((done) =>
      this.client.diff(request, done),
    );
    return response.toObject();
  }

  create(properties: Properties) {
    const request = new providerProto.CreateRequest();
    request.setProperties(sent(properties));
    return this.call<InstanceType<typeof providerProto.CreateResponse>>((done) => this.client.create(request, done));
  }

  async read(id: string, properties: Properties) {
    const request = new providerProto.ReadRequest();
    request.setId(id);
    request.setProperties(sent(properties));
    return this.call<InstanceType<typeof providerProto.ReadResponse>>((done) => this.client.read(request, done));
  }

  update(id: string, olds: Properties, news: Properties) {
    const request = new providerProto.UpdateRequest();
    request.setId(id);
    request.setOlds(sent(olds));
    request.setNews(sent(news));
    return this.call<InstanceType<typeof providerProto.UpdateResponse>>((done) => this.client.update(request, done));
  }

  delete(id: string, properties: Properties) {
    const request = new providerProto.DeleteRequest();
    request.setId(id);
    request.setProperties(sent(properties));
    return this.call((done) => this.client.delete(request, done));
  }

  /** Sends the process a signal, as a terminal does. */
  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await ended;
  }
}
