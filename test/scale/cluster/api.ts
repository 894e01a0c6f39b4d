import { readFile } from "node:fs/promises";
import { Agent, request } from "undici";

/** The administrator's requests to an API server: what kubectl would be too slow for. */
export class Api implements AsyncDisposable {
  readonly #server: string;
  readonly #token: string;
  readonly #agent: Agent;

  private constructor(server: string, token: string, agent: Agent) {
    this.#server = server;
    this.#token = token;
    this.#agent = agent;
  }

  static async of(server: string, { caFile, token }: { caFile: string; token: string }): Promise<Api> {
    return new Api(server, token, new Agent({ connect: { ca: await readFile(caFile) } }));
  }

  /** The answer's status and text; `undefined` when nobody answers. */
  async try(path: string): Promise<{ status: number; text: string } | undefined> {
    try {
      return await this.#request("GET", path);
    } catch {
      return undefined; // Nobody listens, or not yet.
    }
  }

  /** @throws when the answer is no success */
  async get(path: string): Promise<unknown> {
    return this.#succeed("GET", path);
  }

  /** @throws when the answer is no success */
  async create(path: string, object: object): Promise<unknown> {
    return this.#succeed("POST", path, object);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  async #succeed(method: "GET" | "POST", path: string, object?: object): Promise<unknown> {
    const { status, text } = await this.#request(method, path, object);
    if (status >= 300) throw new Error(`${method} ${path} was answered with ${status}: ${text.slice(0, 2_000)}`);
    return JSON.parse(text);
  }

  async #request(method: "GET" | "POST", path: string, object?: object) {
    const answer = await request(new URL(path, this.#server), {
      dispatcher: this.#agent,
      method,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      ...(object === undefined ? {} : { body: JSON.stringify(object) }),
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  }
}
