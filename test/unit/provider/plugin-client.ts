import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { bareEnvironment } from "../../bare-environment.ts";

const repo = join(import.meta.dirname, "..", "..", "..");

type Properties = Record<string, unknown>;
type Client = InstanceType<typeof providerGrpc.ResourceProviderClient>;

/** A call that the plugin answered with an error. */
export interface PluginError {
  code: grpc.status;
  details: string;
  metadata: grpc.Metadata;
}

/** The plugin as its own process, called as the engine calls it. */
export class PluginProcess implements AsyncDisposable {
  readonly client: Client;
  readonly process: ChildProcess;
  /** What the plugin sent to the engine's log. */
  readonly log: LogRequest.AsObject[];
  /** What it wrote to standard error. */
  readonly written: string[] = [];
  readonly #engine: grpc.Server;

  private constructor(client: Client, child: ChildProcess, engine: grpc.Server, log: LogRequest.AsObject[]) {
    this.client = client;
    this.process = child;
    this.#engine = engine;
    this.log = log;
  }

  /**
   * @param program what is run, with its flags of Node; default: the sources
   * @param node path of the Node that runs it; default: that of the tests
   */
  static async start({
    cwd,
    env,
    program = ["--conditions=nullspace-source", join(repo, "bin/pulumi-resource-nullspace.ts")],
    node = process.execPath,
  }: {
    cwd: string;
    env: Record<string, string>;
    program?: string[];
    node?: string;
  }): Promise<PluginProcess> {
    const log: LogRequest.AsObject[] = [];
    const engine = new grpc.Server();
    engine.addService(engineGrpc.EngineService as grpc.ServiceDefinition, {
      log: (call: grpc.ServerUnaryCall<LogRequest, unknown>, callback: grpc.sendUnaryData<unknown>) => {
        log.push(call.request.toObject());
        callback(null, new emptyProto.Empty());
      },
    });
    const enginePort = await new Promise<number>((resolve, reject) =>
      engine.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      ),
    );
    const child = spawn(node, [...program, `127.0.0.1:${enginePort}`], {
      cwd,
      env: bareEnvironment({ HOME: cwd, ...env }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [port] = (await new Promise((resolve, reject) => {
      createInterface(child.stdout).once("line", (line) => resolve([line]));
      child.once("exit", (code) => reject(new Error(`the plugin ended with exit code ${code}`)));
    })) as [string];
    const client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const plugin = new PluginProcess(client, child, engine, log);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      plugin.written.push(text);
      process.stderr.write(text);
    });
    return plugin;
  }

  /** One call; its error is thrown as it came. */
  call<Response>(
    method: (callback: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
  ): Promise<Response> {
    return new Promise((resolve, reject) =>
      method((error, response) => (error === null ? resolve(response) : reject(error))),
    );
  }

  configure(args: Properties) {
    const request = new providerProto.ConfigureRequest();
    request.setArgs(struct(args));
    request.setAcceptsecrets(true);
    return this.call<InstanceType<typeof providerProto.ConfigureResponse>>((done) =>
      this.client.configure(request, done),
    );
  }

  async check(type: string, news: Properties, olds?: Properties) {
    const request = new providerProto.CheckRequest();
    request.setUrn(urn(type));
    request.setNews(struct(news));
    if (olds !== undefined) request.setOlds(struct(olds));
    const response = await this.call<InstanceType<typeof providerProto.CheckResponse>>((done) =>
      this.client.check(request, done),
    );
    return {
      inputs: response.getInputs()?.toJavaScript() as Properties,
      failures: response.getFailuresList().map((failure) => failure.toObject()),
    };
  }

  async diff(type: string, oldInputs: Properties, news: Properties, ignoreChanges: string[] = []) {
    const request = new providerProto.DiffRequest();
    request.setUrn(urn(type));
    request.setId("local/web");
    request.setOldInputs(struct(oldInputs));
    request.setOlds(struct(oldInputs));
    request.setNews(struct(news));
    request.setIgnorechangesList(ignoreChanges);
    const response = await this.call<InstanceType<typeof providerProto.DiffResponse>>((done) =>
      this.client.diff(request, done),
    );
    return response.toObject();
  }

  create(type: string, properties: Properties, { preview = false, timeout = 0 } = {}) {
    const request = new providerProto.CreateRequest();
    request.setUrn(urn(type));
    request.setProperties(struct(properties));
    request.setPreview(preview);
    request.setTimeout(timeout);
    return this.call<InstanceType<typeof providerProto.CreateResponse>>((done) => this.client.create(request, done));
  }

  update(
    type: string,
    { oldInputs, olds, news }: { oldInputs: Properties; olds: Properties; news: Properties },
    { preview = false } = {},
  ) {
    const request = new providerProto.UpdateRequest();
    request.setUrn(urn(type));
    request.setId("local/web:a");
    request.setOldInputs(struct(oldInputs));
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    request.setPreview(preview);
    return this.call<InstanceType<typeof providerProto.UpdateResponse>>((done) => this.client.update(request, done));
  }

  read(type: string, id: string, state?: { inputs: Properties; outputs: Properties }) {
    const request = new providerProto.ReadRequest();
    request.setUrn(urn(type));
    request.setId(id);
    // On import the engine sends no properties at all.
    if (state !== undefined) {
      request.setInputs(struct(state.inputs));
      request.setProperties(struct(state.outputs));
    }
    return this.call<InstanceType<typeof providerProto.ReadResponse>>((done) => this.client.read(request, done));
  }

  delete(type: string, id: string, properties: Properties) {
    const request = new providerProto.DeleteRequest();
    request.setUrn(urn(type));
    request.setId(id);
    request.setProperties(struct(properties));
    return this.call((done) => this.client.delete(request, done));
  }

  cancel() {
    return this.call((done) => this.client.cancel(new emptyProto.Empty(), done));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    if (this.process.exitCode === null) {
      const ended = new Promise((resolve) => this.process.once("exit", resolve));
      this.process.kill("SIGTERM");
      await ended;
    }
    this.#engine.forceShutdown();
  }
}

/** The error of a call, which must not succeed. */
export async function errorOf(call: Promise<unknown>): Promise<PluginError> {
  return call.then(
    () => {
      throw new Error("the call succeeded");
    },
    (error: unknown) => error as PluginError,
  );
}

/** Details of an error's status, by the name of their type. */
export function detailsOf(error: PluginError): { typeName: string; bytes: Uint8Array }[] {
  const [encoded] = error.metadata.get("grpc-status-details-bin");
  if (encoded === undefined) return [];
  const status = statusProto.Status.deserializeBinary(Buffer.from(encoded as Buffer));
  return status.getDetailsList().map((any) => ({ typeName: any.getTypeName(), bytes: any.getValue_asU8() }));
}

export function urn(type: string): string {
  return `urn:pulumi:dev::test::nullspace:index:${type}::web`;
}

export function struct(value: Properties) {
  return structProto.Struct.fromJavaScript(value as never);
}
