import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request, type Dispatcher } from "undici";
import { startLocalService, type LocalService, type LocalServiceOptions } from "../../../service/index.ts";

/** A whole service without an engine behind it: everything but running builds and machines works. */
export class LonelyService implements AsyncDisposable {
  readonly dataDirectory: string;
  readonly service: LocalService;

  private constructor(service: LocalService, dataDirectory: string) {
    this.service = service;
    this.dataDirectory = dataDirectory;
  }

  static async start(options: LocalServiceOptions = {}): Promise<LonelyService> {
    const dataDirectory = mkdtempSync(join(tmpdir(), "nullspace-lonely-"));
    const dockerHost = `unix://${join(dataDirectory, "no-docker.sock")}`;
    return new LonelyService(
      await startLocalService({ port: 0, dataDirectory, dockerHost, logLevel: "silent", ...options }),
      dataDirectory,
    );
  }

  /** One call as it stands: nothing is added but the key, unless headers are given. */
  async raw(
    method: string,
    path: string,
    options: Partial<Dispatcher.RequestOptions> & { headers?: Record<string, string> } = {},
  ) {
    const answer = await request(this.service.url + path, {
      ...options,
      method: method as Dispatcher.HttpMethod,
      headers: { authorization: `Bearer ${this.service.apiKey}`, ...options.headers },
    });
    const text = await answer.body.text();
    // Bodies of every kind are looked into.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    const json: any = String(answer.headers["content-type"] ?? "").startsWith("application/json")
      ? JSON.parse(text)
      : undefined;
    return { status: answer.statusCode, headers: answer.headers, text, json };
  }

  /** One call with a JSON body. */
  call(method: string, path: string, body?: unknown) {
    return body === undefined
      ? this.raw(method, path)
      : this.raw(method, path, { body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.close();
    rmSync(this.dataDirectory, { recursive: true, force: true });
  }
}
