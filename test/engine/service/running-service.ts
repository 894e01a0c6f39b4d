import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { startLocalService, type LocalService, type LocalServiceOptions } from "../../../service/index.ts";

/** A small image with a shell, on a registry of this machine. */
export const BASE_IMAGE = required("NULLSPACE_BASE_IMAGE");

/** An answer, its body read as JSON where it is. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  // The tests look into bodies of every kind; a type for each would be the schemas under test.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** A service in a folder of its own, on a free port, with its calls; all that it made is removed at the end. */
export class RunningService implements AsyncDisposable {
  readonly dataDirectory: string;
  #service: LocalService;
  readonly #options: LocalServiceOptions;

  private constructor(service: LocalService, options: LocalServiceOptions, dataDirectory: string) {
    this.#service = service;
    this.#options = options;
    this.dataDirectory = dataDirectory;
  }

  static async start(options: LocalServiceOptions = {}): Promise<RunningService> {
    const dataDirectory = options.dataDirectory ?? mkdtempSync(join(tmpdir(), "nullspace-service-"));
    // One key over restarts.
    const apiKey = `ns_test_${randomBytes(24).toString("hex")}`;
    const complete = { port: 0, baseImage: BASE_IMAGE, logLevel: "silent", dataDirectory, apiKey, ...options } as const;
    return new RunningService(await startLocalService(complete), complete, dataDirectory);
  }

  get url(): string {
    return this.#service.url;
  }

  get apiKey(): string {
    return this.#service.apiKey;
  }

  /** Stops the service and starts it again on the same folder. */
  async restart(whileDown?: () => void | Promise<void>): Promise<void> {
    await this.#service.close();
    await whileDown?.();
    this.#service = await startLocalService(this.#options);
  }

  /** One call, with the key. */
  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const json = body !== undefined && !(body instanceof Uint8Array);
    const answer = await request(this.url + path, {
      method: method as "GET",
      headers: {
        authorization: `Bearer ${this.apiKey}`,
        ...(json && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: json ? JSON.stringify(body) : (body as Uint8Array) }),
    });
    const text = await answer.body.text();
    const isJson = String(answer.headers["content-type"] ?? "").startsWith("application/json");
    return { status: answer.statusCode, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** Starts a build and waits for its end. @returns the last snapshot */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async build(body: Record<string, unknown>): Promise<any> {
    const { status, body: accepted } = await this.call("POST", "/v1/templates/builds", body);
    if (status !== 202) throw new Error(`the build was refused: ${JSON.stringify(accepted)}`);
    return this.waitForEnd(accepted.build_id);
  }

  /** Waits for the end of a build by following its log. @returns the last snapshot */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async waitForEnd(buildId: string): Promise<any> {
    await this.call("GET", `/v1/templates/builds/${buildId}/logs?follow=true&offset=0`);
    return (await this.call("GET", `/v1/templates/builds/${buildId}?offset=0`)).body;
  }

  /** Uploads files and says how they stand in a build context. */
  async upload(files: Record<string, string | { content: string; mode: string }>): Promise<object[]> {
    const entries = Object.entries(files).map(([path, file]) => {
      const { content, mode } = typeof file === "string" ? { content: file, mode: "0644" } : file;
      const bytes = Buffer.from(content);
      return { path, mode, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
    });
    const asked = entries.map(({ path, mode, bytes, sha256 }) => ({
      path,
      entry_type: "file",
      mode,
      sha256,
      size_bytes: bytes.length,
    }));
    const { body } = await this.call("POST", "/v1/templates/blobs/preflight", { files: asked });
    return Promise.all(
      entries.map(async ({ path, mode, bytes }, index) => {
        const { blob_id, missing } = body.files[index];
        if (missing) await this.call("PUT", `/v1/templates/blobs/${blob_id}`, bytes);
        return { path, entry_type: "file", mode, blob_id };
      }),
    );
  }

  /** Stops the service; what it has made stays. */
  close(): Promise<void> {
    return this.#service.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service.close();
    await removeMade(this.dataDirectory);
    rmSync(this.dataDirectory, { recursive: true, force: true });
  }
}

/** What tells the containers and images of the service whose folder this is. */
export function instanceIdOf(dataDirectory: string): string {
  return readFileSync(join(dataDirectory, "instance-id"), "utf8").trim();
}

/** Removes the containers and images of the service whose folder this is. */
async function removeMade(dataDirectory: string): Promise<void> {
  const instance = instanceIdOf(dataDirectory);
  const engine = new DockerEngine();
  const filters = { label: [`dev.nullspace.local.instance=${instance}`] };
  for (const { Id } of await engine.containers.list({ all: true, filters })) {
    await engine.containers.remove(Id, { force: true });
  }
  for (const { Id } of await engine.images.list({ all: false, filters }))
    await engine.images.remove(Id, { force: true });
  // The image of the builtin template is the base image itself under one more name, and carries no label.
  const { DatabaseSync } = await import("node:sqlite");
  const db = new DatabaseSync(join(dataDirectory, "store.db"), { readOnly: true });
  const names = db
    .prepare("SELECT image_ref FROM artifacts JOIN builds USING (build_id) WHERE triggered_by = 'nullspace'")
    .all();
  db.close();
  for (const { image_ref } of names) await engine.images.remove(String(image_ref)).catch(() => undefined);
  await engine.close();
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set; scripts/setup.mjs says how`);
  return value;
}
