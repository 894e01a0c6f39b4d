import { text } from "../arguments/index.ts";
import { ARCHIVE, CANCELLABLE, LIST, REMOVE_IMAGE, TRANSFER, check } from "./argument-rules.ts";
import type { Readable } from "node:stream";
import * as z from "zod";
import type { RegistryAuth } from "./auth/registry-credentials.ts";
import { RegistryCredentials } from "./auth/registry-credentials.ts";
import { registryAuthHeader } from "./auth/auth-headers.ts";
import type { Cancellable } from "./cancellable.ts";
import type { EngineApi } from "./engine-api.ts";
import type { EngineRequest } from "./engine-transport.ts";
import { DockerOptionError, EngineError } from "./errors.ts";
import { parseImageRef } from "./image-ref.ts";
import { type EngineRecord, errorOf, readJsonRecords } from "./json-records.ts";

/** An image as the engine describes it; members not named here are kept. */
export const ImageInspect = z.looseObject({
  Id: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  RepoDigests: z.array(z.string()).nullish(),
  Created: z.string().optional(),
  Architecture: z.string().optional(),
  Os: z.string().optional(),
  Size: z.number().optional(),
  Config: z
    .looseObject({
      User: z.string().nullish(),
      Env: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      Entrypoint: z.array(z.string()).nullish(),
      WorkingDir: z.string().nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});
export type ImageInspect = z.infer<typeof ImageInspect>;

/** One line of the engine's list of images. */
export const ImageSummary = z.looseObject({
  Id: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  RepoDigests: z.array(z.string()).nullish(),
  Created: z.number(),
  Size: z.number(),
  Labels: z.record(z.string(), z.string()).nullish(),
});
export type ImageSummary = z.infer<typeof ImageSummary>;

/** One layer of an image's history, newest first. */
export const ImageHistoryEntry = z.looseObject({
  Id: z.string(),
  Created: z.number(),
  CreatedBy: z.string(),
  Size: z.number(),
  Comment: z.string(),
  Tags: z.array(z.string()).nullish(),
});
export type ImageHistoryEntry = z.infer<typeof ImageHistoryEntry>;

/** Filters of the engine's lists, such as `{ label: ["team=infra"] }`. */
export type EngineFilters = Record<string, string[]>;

/** How to move an image between the engine and a registry. */
export interface TransferOptions extends Cancellable {
  /**
   * Credentials.
   *
   * @default those of Docker's configuration for the registry
   */
  auth?: RegistryAuth;
  /** Only for pull: `os/arch[/variant]` to take of a multi-platform image. */
  platform?: string;
  /** Called with every progress record of the engine. */
  onRecord?: (record: EngineRecord) => void;
}

/**
 * The engine's images.
 *
 * @example
 * ```ts
 * const engine = new DockerEngine();
 * await engine.images.pull("busybox:stable");
 * const { Architecture } = await engine.images.inspect("busybox:stable");
 * await engine.close();
 * ```
 */
export class EngineImages {
  readonly #engine: EngineApi;

  /** @internal */
  constructor(engine: EngineApi) {
    this.#engine = engine;
  }

  /** @throws EngineNotFoundError when there is no such image */
  async inspect(ref: string, options: Cancellable = {}): Promise<ImageInspect> {
    check("images.inspect", { ref: text, options: CANCELLABLE }, { ref, options });
    return this.#json({ method: "GET", path: `/images/${encodePath(ref)}/json`, signal: options.signal }, ImageInspect);
  }

  /** Images, newest first. */
  async list(
    options: {
      filters?: EngineFilters;
      /**
       * The parents that have no name, too.
       *
       * @default false
       */
      all?: boolean;
    } & Cancellable = {},
  ): Promise<ImageSummary[]> {
    check("images.list", { options: LIST }, { options });
    const query = new URLSearchParams({ all: String(options.all ?? false) });
    if (options.filters) query.set("filters", JSON.stringify(options.filters));
    return this.#json({ method: "GET", path: "/images/json", query, signal: options.signal }, z.array(ImageSummary));
  }

  /** The steps that made an image, newest first. */
  async history(ref: string, options: Cancellable = {}): Promise<ImageHistoryEntry[]> {
    check("images.history", { ref: text, options: CANCELLABLE }, { ref, options });
    return this.#json(
      { method: "GET", path: `/images/${encodePath(ref)}/history`, signal: options.signal },
      z.array(ImageHistoryEntry),
    );
  }

  /** Gives the image `source` (a name or an ID) the further name `target`. A name that another image has moves here. */
  async tag(source: string, target: string, options: Cancellable = {}): Promise<void> {
    check("images.tag", { source: text, target: text, options: CANCELLABLE }, { source, target, options });
    const { name, tag } = repositoryAndTag(target);
    const query = new URLSearchParams({ repo: name, tag });
    await this.#text({ method: "POST", path: `/images/${encodePath(source)}/tag`, query, signal: options.signal });
  }

  /**
   * Removes a name, and with its last name the image itself.
   *
   * @throws EngineNotFoundError when there is no such image; EngineConflictError when it is in use
   */
  async remove(
    ref: string,
    options: {
      /**
       * Also when it has several names, or a stopped container uses it.
       *
       * @default false
       */
      force?: boolean;
      /**
       * Keep the parents that have no name.
       *
       * @default false
       */
      noPrune?: boolean;
    } & Cancellable = {},
  ): Promise<void> {
    check("images.remove", { ref: text, options: REMOVE_IMAGE }, { ref, options });
    const query = new URLSearchParams({
      force: String(options.force ?? false),
      noprune: String(options.noPrune ?? false),
    });
    await this.#text({ method: "DELETE", path: `/images/${encodePath(ref)}`, query, signal: options.signal });
  }

  /** Fetches an image from its registry. */
  async pull(ref: string, options: TransferOptions = {}): Promise<void> {
    check("images.pull", { ref: text, options: TRANSFER }, { ref, options });
    const image = parseImageRef(ref);
    const query = new URLSearchParams({
      fromImage: `${image.registry}/${image.repository}`,
      // The engine takes a digest in the tag's place; without either it would fetch every tag there is.
      tag: image.digest ?? image.tag ?? "latest",
    });
    if (options.platform) query.set("platform", options.platform);
    await this.#transfer("/images/create", query, image.registry, options);
  }

  /**
   * Takes in the images of an archive, as `docker save` and BuildKit's `docker` exporter write them.
   *
   * @returns the names of what was loaded; the ID of an image without a name
   */
  async load(archive: Readable, options: Cancellable = {}): Promise<string[]> {
    check("images.load", { archive: ARCHIVE, options: CANCELLABLE }, { archive, options });
    const request = await this.#engine.versioned({
      method: "POST",
      path: "/images/load",
      query: new URLSearchParams({ quiet: "true" }),
      headers: { "content-type": "application/x-tar" },
      body: archive,
      kind: "stream",
      signal: options.signal,
    });
    const loaded: string[] = [];
    await this.#follow(request, ({ stream }) => {
      const [, ref] = /^Loaded image(?: ID)?: (\S+)/.exec(typeof stream === "string" ? stream : "") ?? [];
      if (ref !== undefined) loaded.push(ref);
    });
    return loaded;
  }

  /** Sends an image to the registry that its name says. */
  async push(ref: string, options: TransferOptions = {}): Promise<{ digest?: string }> {
    check("images.push", { ref: text, options: TRANSFER }, { ref, options });
    const { name, tag } = repositoryAndTag(ref);
    const { registry } = parseImageRef(ref);
    let digest: string | undefined;
    await this.#transfer(`/images/${encodePath(name)}/push`, new URLSearchParams({ tag }), registry, {
      ...options,
      onRecord(record) {
        digest = pushedDigest(record) ?? digest;
        options.onRecord?.(record);
      },
    });
    return digest === undefined ? {} : { digest };
  }

  async #transfer(path: string, query: URLSearchParams, registry: string, options: TransferOptions): Promise<void> {
    const { config } = this.#engine;
    const credentials = options.auth
      ? new RegistryCredentials(options.auth)
      : await config.credentialsFor(registry, {}, options.signal);
    const request = await this.#engine.versioned({
      method: "POST",
      path,
      query,
      // A push without the header is refused by the engine before it asks the registry.
      headers: { "x-registry-auth": credentials ? registryAuthHeader(registry, credentials) : NO_AUTH },
      kind: "stream",
      signal: options.signal,
    });
    await this.#follow(request, options.onRecord);
  }

  /** Reads the records of a request; an error among them is one, although the engine began with 200. */
  async #follow(request: EngineRequest, onRecord?: (record: EngineRecord) => void): Promise<void> {
    const { transport } = this.#engine;
    const { body, status } = await transport.request(request);
    for await (const record of readJsonRecords(transport.readBody(request, body))) {
      onRecord?.(record);
      // The status line is long gone when the registry says no.
      const error = errorOf(record);
      if (error) {
        throw new EngineError({ status, request: `${request.method} ${request.path}`, engineMessage: error.message });
      }
    }
  }

  async #json<T extends z.ZodType>(request: EngineRequest, schema: T): Promise<z.infer<T>> {
    return this.#engine.transport.json(await this.#engine.versioned(request), schema);
  }

  async #text(request: EngineRequest): Promise<string> {
    return this.#engine.transport.text(await this.#engine.versioned(request));
  }
}

/** An engine that keeps its images in containerd tells the digest in the last status alone: `1: digest: sha256:… size: 527`. */
function pushedDigest({ aux, status }: EngineRecord): string | undefined {
  const { Digest } = (aux ?? {}) as { Digest?: unknown };
  if (typeof Digest === "string") return Digest;
  return /: digest: (sha256:[0-9a-f]{64}) size: \d+$/.exec(typeof status === "string" ? status : "")?.[1];
}

/** `{}` in base64. */
const NO_AUTH = "e30=";

/** A name of an image is a path of several parts; only what would end the path is escaped. */
function encodePath(ref: string): string {
  return ref.split("/").map(encodeURIComponent).join("/");
}

function repositoryAndTag(ref: string): { name: string; tag: string } {
  const { registry, repository, tag, digest } = parseImageRef(ref);
  if (digest !== null) throw new DockerOptionError("ref", `${ref} has a digest; a name for an image cannot have one.`);
  return { name: `${registry}/${repository}`, tag: tag ?? "latest" };
}
