import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { RegistryCredentials } from "pulumi-nullspace/docker";
import * as z from "zod";
import { readChallenge } from "./auth-challenge.ts";
import { isLoopback, RegistryAuthorizer } from "./registry-auth.ts";
import { RegistryAwayError, RegistryError } from "./registry-errors.ts";
import { readBounded, send, type RegistryAnswer, type RegistryRequest } from "./registry-transport.ts";

/** Docker Hub's API is at another host than its images are named for. */
const HUB = { host: "docker.io", api: "registry-1.docker.io" };

/** A manifest may be so large (distribution-spec 1.1, "Pushing Manifests": at least 4 MiB are to be taken). */
const MOST_MANIFEST_BYTES = 4 * 1024 * 1024;
/** The configuration of an image: its history is most of it. */
const MOST_CONFIG_BYTES = 8 * 1024 * 1024;
const MOST_LIST_BYTES = 16 * 1024 * 1024;
const MOST_ERROR_BYTES = 64 * 1024;
const MOST_SAID = 300;
/** A registry whose pages of tags never end is not followed. */
const MOST_PAGES = 1_000;
const PAGE = 1_000;

/** Manifests and indexes of both families, OCI's first. */
export const MANIFEST_TYPES = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

const Refusals = z.looseObject({
  errors: z.array(z.looseObject({ code: z.string().optional(), message: z.string().optional() })),
});
const Tags = z.looseObject({ tags: z.array(z.string()).nullish() });

/** Where a registry is, and as whom to come. */
export interface RegistryAddress {
  /** `registry.example`, with its port if it has one; `docker.io` for Docker Hub. */
  readonly host: string;
  /** It speaks no TLS. */
  readonly isPlain: boolean;
  /** Gives the credentials for it, if there are any. */
  readonly credentials: (signal?: AbortSignal) => Promise<RegistryCredentials | undefined>;
}

/** A manifest as a registry has it. */
export interface StoredManifest {
  /** `sha256:…` of its bytes. */
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/**
 * What this service needs of one registry (OCI Distribution Specification 1.1): manifests, tags, blobs. Errors carry what the
 * registry says, and never what it was sent. Every method throws RegistryAwayError when it cannot be used, RegistryError when it
 * refuses.
 */
export class RegistryClient {
  readonly host: string;
  readonly #base: string;
  readonly #authorizer: RegistryAuthorizer;
  readonly #closing = new AbortController();

  constructor({ host, isPlain, credentials }: RegistryAddress) {
    this.host = host;
    this.#base = `${isPlain ? "http" : "https"}://${host === HUB.host ? HUB.api : host}`;
    this.#authorizer = new RegistryAuthorizer(host, credentials);
  }

  /** Asks whether the registry is there, and takes this service's credentials. */
  async ping(signal?: AbortSignal): Promise<void> {
    const answer = await this.#ask("answer this service", "/v2/", { method: "GET", signal }, "");
    await answer.body.dump();
  }

  /** @param reference a tag or a digest @returns `undefined` when there is no such manifest */
  async manifest(repository: string, reference: string, signal?: AbortSignal): Promise<StoredManifest | undefined> {
    const answer = await this.#find(repository, `/manifests/${reference}`, "GET", signal);
    if (answer === undefined) return undefined;
    const bytes = await this.#read(answer, MOST_MANIFEST_BYTES, signal);
    const digest = digestOf(bytes);
    if (reference.startsWith("sha256:") && reference !== digest) {
      throw new RegistryAwayError(this.host, `what it gives as ${reference} has another digest`);
    }
    return { digest, mediaType: mediaTypeOf(answer), bytes };
  }

  /** The digest behind a tag. @returns `undefined` when there is no such manifest */
  async digest(repository: string, reference: string, signal?: AbortSignal): Promise<string | undefined> {
    const answer = await this.#find(repository, `/manifests/${reference}`, "HEAD", signal);
    await answer?.body.dump();
    const told = answer?.header("docker-content-digest");
    if (answer === undefined || (told !== undefined && /^sha256:[0-9a-f]{64}$/.test(told))) return told;
    // The header is optional.
    return (await this.manifest(repository, reference, signal))?.digest;
  }

  /** Stores a manifest under a tag or its digest. */
  async putManifest(
    repository: string,
    reference: string,
    { mediaType, bytes }: Pick<StoredManifest, "mediaType" | "bytes">,
    signal?: AbortSignal,
  ): Promise<void> {
    const headers = { "content-type": mediaType };
    const path = `/v2/${repository}/manifests/${reference}`;
    const answer = await this.#ask(
      `take ${repository}:${reference}`,
      path,
      { method: "PUT", headers, body: bytes, signal },
      scopeOf(repository, "pull,push"),
    );
    await answer.body.dump();
  }

  /**
   * Deletes a manifest with all of its tags (by digest), or a tag alone, where the registry knows how to.
   *
   * @returns `false` when there is no such manifest
   */
  async deleteManifest(repository: string, reference: string, signal?: AbortSignal): Promise<boolean> {
    const answer = await this.#send(
      `/v2/${repository}/manifests/${reference}`,
      { method: "DELETE", signal },
      scopeOf(repository, "delete,pull,push"),
    );
    if (answer.status !== 404) await this.#refuseUnlessOk(`delete ${repository}@${reference}`, answer);
    await answer.body.dump();
    return answer.status !== 404;
  }

  /** All tags of a repository; none when it does not exist. */
  async tags(repository: string, signal?: AbortSignal): Promise<string[]> {
    const all = new Set<string>();
    let path: string | undefined = `/tags/list?n=${PAGE}`;
    for (let page = 0; path !== undefined && page < MOST_PAGES; page++) {
      const answer: RegistryAnswer | undefined = await this.#find(repository, path, "GET", signal);
      if (answer === undefined) break;
      const next = /<([^>]+)>\s*;\s*rel="?next"?/i.exec(answer.header("link") ?? "")?.[1];
      const { data } = Tags.safeParse(parsed(await this.#read(answer, MOST_LIST_BYTES, signal)));
      if (data === undefined) throw new RegistryAwayError(this.host, "what it returns as a list of tags is not one");
      for (const tag of data.tags ?? []) all.add(tag);
      // Only what it asks with counts: an address of another host is not followed with credentials.
      path = next === undefined ? undefined : `/tags/list${new URL(next, this.#base).search}`;
    }
    return [...all];
  }

  /** The bytes of a blob, checked against its digest. @returns `undefined` when there is no such blob */
  async smallBlob(repository: string, digest: string, signal?: AbortSignal): Promise<Buffer | undefined> {
    const answer = await this.#find(repository, `/blobs/${digest}`, "GET", signal);
    if (answer === undefined) return undefined;
    const bytes = await this.#read(answer, MOST_CONFIG_BYTES, signal);
    if (digestOf(bytes) === digest) return bytes;
    throw new RegistryAwayError(this.host, `what it gives as ${digest} has another digest`);
  }

  /** The bytes of a blob as they come. @returns `undefined` when there is no such blob */
  async openBlob(repository: string, digest: string, signal?: AbortSignal): Promise<Readable | undefined> {
    return (await this.#find(repository, `/blobs/${digest}`, "GET", signal))?.body;
  }

  async hasBlob(repository: string, digest: string, signal?: AbortSignal): Promise<boolean> {
    const answer = await this.#find(repository, `/blobs/${digest}`, "HEAD", signal);
    await answer?.body.dump();
    return answer !== undefined;
  }

  /**
   * Stores a blob; the registry checks that it has the digest.
   *
   * @param from a repository of the same registry that may have it, so that no bytes need to go
   * @param open gives the bytes, when they have to; again where the registry was too busy for them
   */
  async putBlob(
    repository: string,
    { digest, size }: { digest: string; size: number },
    open: () => Promise<Readable | Buffer>,
    { from, signal }: { from?: string | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    if (await this.hasBlob(repository, digest, signal)) return;
    const what = `take ${digest}`;
    const scope = [scopeOf(repository, "pull,push"), ...(from === undefined ? [] : [scopeOf(from, "pull")])].join(" ");
    const query = from === undefined ? "" : `?${new URLSearchParams({ mount: digest, from }).toString()}`;
    const begun = await this.#ask(what, `/v2/${repository}/blobs/uploads/${query}`, { method: "POST", signal }, scope);
    await begun.body.dump();
    // Mounted: it has the bytes already.
    if (begun.status === 201) return;
    const place = begun.header("location");
    const url = place !== undefined && URL.canParse(place, this.#base) ? new URL(place, this.#base) : undefined;
    if (url === undefined) throw new RegistryAwayError(this.host, "it does not say where to upload to");
    url.searchParams.set("digest", digest);
    const headers = { "content-type": "application/octet-stream", "content-length": String(size) };
    const header = url.origin === new URL(this.#base).origin ? this.#authorizer.headerFor(scope) : undefined;
    const answer = await send(this.host, url, {
      method: "PUT",
      headers: { ...headers, ...(header !== undefined && { authorization: header }) },
      body: open,
      signal: this.#during(signal),
    });
    await this.#refuseUnlessOk(what, answer);
    await answer.body.dump();
  }

  /** Ends what is under way. */
  close(): void {
    this.#closing.abort(new RegistryAwayError(this.host, "the service stops"));
  }

  async #find(
    repository: string,
    path: string,
    method: "GET" | "HEAD",
    signal: AbortSignal | undefined,
  ): Promise<RegistryAnswer | undefined> {
    const headers: Record<string, string> = path.startsWith("/manifests/") ? { accept: MANIFEST_TYPES.join(", ") } : {};
    const answer = await this.#send(
      `/v2/${repository}${path}`,
      { method, headers, signal },
      scopeOf(repository, "pull"),
    );
    if (answer.status === 404) {
      await answer.body.dump();
      return undefined;
    }
    await this.#refuseUnlessOk(`give ${repository}`, answer);
    return answer;
  }

  async #ask(what: string, path: string, one: RegistryRequest, scope: string): Promise<RegistryAnswer> {
    const answer = await this.#send(path, one, scope);
    await this.#refuseUnlessOk(what, answer);
    return answer;
  }

  /** Answers a challenge once. */
  async #send(path: string, one: RegistryRequest, scope: string): Promise<RegistryAnswer> {
    const url = new URL(path, this.#base);
    const signal = this.#during(one.signal);
    const attempt = (header: string | undefined) =>
      send(this.host, url, {
        ...one,
        headers: { ...one.headers, ...(header !== undefined && { authorization: header }) },
        signal,
      });
    const first = await attempt(this.#authorizer.headerFor(scope));
    const challenge = first.status === 401 ? readChallenge(first.headers("www-authenticate")) : undefined;
    if (challenge === undefined) return first;
    const header = await this.#authorizer.answer(challenge, scope, signal);
    if (header === undefined) return first;
    await first.body.dump();
    return attempt(header);
  }

  async #refuseUnlessOk(what: string, answer: RegistryAnswer): Promise<void> {
    const { status } = answer;
    if (status >= 200 && status < 300) return;
    const { data } = Refusals.safeParse(parsed(await readBounded(this.host, answer, MOST_ERROR_BYTES).catch(() => "")));
    const [refusal] = data?.errors ?? [];
    // What a registry answers with while it starts, or a proxy without it.
    if (status >= 500) throw new RegistryAwayError(this.host, `it answers with HTTP status ${status}`);
    throw new RegistryError(what, {
      host: this.host,
      status,
      registryCode: refusal?.code,
      said: refusal?.message?.replaceAll(/\s+/g, " ").slice(0, MOST_SAID),
    });
  }

  async #read(answer: RegistryAnswer, mostBytes: number, signal: AbortSignal | undefined): Promise<Buffer> {
    try {
      return await readBounded(this.host, answer, mostBytes);
    } catch (error) {
      this.#during(signal).throwIfAborted();
      throw error;
    }
  }

  #during(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
  }
}

/** `sha256:…` of bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** A registry of this machine speaks no TLS unless it is said to. */
export function isLoopbackRegistry(host: string): boolean {
  return URL.canParse(`http://${host}`) && isLoopback(new URL(`http://${host}`).hostname);
}

function scopeOf(repository: string, actions: string): string {
  return `repository:${repository}:${actions}`;
}

function mediaTypeOf(answer: RegistryAnswer): string {
  return (answer.header("content-type") ?? "").split(";", 1)[0]!.trim();
}

function parsed(text: Buffer | string): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
