import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { openStandIn, statusOf, type SeenRequest, type StandIn } from "../kubernetes/stand-in.ts";

const EXTENSIONS = "extensions.agents.x-k8s.io/v1beta1";
const SANDBOXES = "agents.x-k8s.io/v1beta1";
const SERVED: Readonly<Record<string, string>> = {
  sandboxtemplates: EXTENSIONS,
  sandboxwarmpools: EXTENSIONS,
  sandboxclaims: EXTENSIONS,
  sandboxes: SANDBOXES,
};

/** An object as the server keeps it. */
export interface Kept {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: Record<string, unknown>;
  status?: { replicas: number; readyReplicas?: number; selector: string; observedGeneration: number };
}

/** What a request is answered with instead of what it asks for. */
export interface Fault {
  status: number;
  reason?: string;
  message?: string;
  /** Seconds. */
  retryAfter?: number;
  /** The whole body, as of something that is no API server. */
  page?: string;
}

interface Watch {
  resource: string;
  selects: (object: Kept) => boolean;
  response: ServerResponse;
}

/**
 * An API server of ours that knows what native pools are made of, over TLS, and a controller that fills warm pools at once: for
 * faults that a real one cannot be made to have. `test/scale/control-plane/native-pools.test.ts` has a real one.
 */
export class NativeServer implements AsyncDisposable {
  readonly standIn: StandIn;
  /** By resource and name. */
  readonly #objects = new Map<string, Map<string, Kept>>();
  readonly #watches = new Set<Watch>();
  #version = 100;
  /** What happened before is not known any more. */
  #oldest = 0;
  #frozen: PromiseWithResolvers<void> | undefined;
  /** What a request is refused with; `undefined`: nothing. */
  fault: (request: SeenRequest) => Fault | undefined = () => undefined;
  isInstalled = true;
  /** `verb resource` that the account may not do. */
  readonly forbidden = new Set<string>();
  /** How many members of a warm pool get ready; all, unless a test says otherwise. */
  readyOf: (pool: Kept) => number = () => Infinity;
  /** What was written, in order: `PATCH sandboxwarmpools/name`. */
  readonly writes: string[] = [];
  /** What a webhook, or a version of a kind that lacks a field, makes of what is written. */
  mutate: (object: Kept) => void = () => undefined;
  /** After an object was written by the service. */
  afterWrite: () => void = () => undefined;
  /** Most members that all warm pools were to have together. */
  mostReplicas = 0;

  private constructor(standIn: StandIn) {
    this.standIn = standIn;
    standIn.answer = (seen, response, request) => this.#answer(seen, response, request);
  }

  static async open(): Promise<NativeServer> {
    return new NativeServer(await openStandIn());
  }

  list(resource: string): Kept[] {
    return [...this.#of(resource).values()];
  }

  /** Of each warm pool: its generation, members that it is to have, and ready ones; by generation. */
  counts(): [generation: number, replicas: number, ready: number][] {
    return this.list("sandboxwarmpools")
      .map(({ metadata, spec, status }): [number, number, number] => [
        Number(metadata.labels["dev.nullspace/generation"]),
        Number(spec.replicas),
        status?.readyReplicas ?? 0,
      ])
      .toSorted(([a], [b]) => a - b);
  }

  /** Names of the warm pools that are to be claimed from. */
  current(): string[] {
    const isCurrent = ({ metadata }: Kept) => metadata.labels["dev.nullspace/current"] === "true";
    return this.list("sandboxwarmpools")
      .filter(isCurrent)
      .map(({ metadata }) => metadata.name);
  }

  /** Somebody claims from a warm pool. */
  claim(name: string, warmPool: string): void {
    this.#put("sandboxclaims", this.#made(name, {}, { warmPoolRef: { name: warmPool } }));
  }

  /** Somebody changes an object by hand. */
  edit(resource: string, name: string, change: (object: Kept) => void): void {
    const object = structuredClone(this.#of(resource).get(name)!);
    change(object);
    object.metadata.generation += 1;
    this.#put(resource, object);
    this.fill();
  }

  remove(resource: string, name: string): void {
    const object = this.#of(resource).get(name);
    if (object === undefined) return;
    this.#of(resource).delete(name);
    object.metadata.resourceVersion = String((this.#version += 1));
    this.#tell("DELETED", resource, object);
    if (resource === "sandboxwarmpools") this.fill();
  }

  /** agent-sandbox is taken off the cluster, with all that there is of it. */
  uninstall(): void {
    this.isInstalled = false;
    this.#objects.clear();
    this.#oldest = this.#version += 1;
    this.breakWatches();
  }

  /** Ends every watch, with an event first: what a server does that no longer has what happened since. */
  breakWatches(lastLine?: object): void {
    for (const watch of this.#watches) watch.response.end(lastLine && `${JSON.stringify(lastLine)}\n`);
    this.#watches.clear();
  }

  /** It takes connections and answers nothing, as one that is stopped by SIGSTOP. */
  freeze(): void {
    this.#frozen = Promise.withResolvers();
  }

  thaw(): void {
    this.#frozen?.resolve();
    this.#frozen = undefined;
  }

  /** Does what agent-sandbox does: members of each pool, and how many of them are ready. */
  fill(): void {
    const pools = this.list("sandboxwarmpools");
    const sum = pools.reduce((total, { spec }) => total + Number(spec.replicas), 0);
    this.mostReplicas = Math.max(this.mostReplicas, sum);
    for (const pool of pools) this.#fillOne(pool);
    const uids = new Set(pools.map(({ metadata }) => metadata.uid));
    for (const member of this.list("sandboxes")) {
      if (!uids.has(ownerOf(member))) this.remove("sandboxes", member.metadata.name);
    }
  }

  #fillOne(pool: Kept): void {
    const { name, uid, generation } = pool.metadata;
    const wanted = Number(pool.spec.replicas);
    const ready = Math.min(wanted, this.readyOf(pool));
    const own = this.list("sandboxes").filter((each) => ownerOf(each) === uid);
    for (const { metadata } of own.slice(wanted)) this.remove("sandboxes", metadata.name);
    for (let at = own.length; at < wanted; at += 1) {
      const member = this.#made(`${name}-${randomUUID().slice(0, 5)}`, { pool: name }, {});
      Object.assign(member.metadata, { ownerReferences: [{ uid, controller: true, kind: "SandboxWarmPool", name }] });
      this.#of("sandboxes").set(member.metadata.name, member);
    }
    for (const [at, member] of this.list("sandboxes")
      .filter((each) => ownerOf(each) === uid)
      .entries()) {
      const status = { conditions: [{ type: "Ready", status: at < ready ? "True" : "False" }] };
      Object.assign(member, { status });
    }
    const status = {
      replicas: wanted,
      ...(ready > 0 && { readyReplicas: ready }),
      selector: `pool=${name}`,
      observedGeneration: generation,
    };
    if (JSON.stringify(status) !== JSON.stringify(pool.status)) this.#put("sandboxwarmpools", { ...pool, status });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    await this.standIn[Symbol.asyncDispose]();
  }

  async #answer(seen: SeenRequest, response: ServerResponse, request: IncomingMessage): Promise<void> {
    const body = await text(request).catch(() => "");
    while (this.#frozen !== undefined) await this.#frozen.promise;
    const fault = this.fault(seen);
    if (fault !== undefined) return sendFault(response, fault);
    const { pathname } = seen.url;
    const json = (object: unknown) => void response.end(JSON.stringify(object));
    if (pathname === "/apis") {
      const versions = this.isInstalled ? [...new Set(Object.values(SERVED))] : [];
      const groups = versions.map((groupVersion) => ({ name: groupVersion, versions: [{ groupVersion }] }));
      return json({ kind: "APIGroupList", groups });
    }
    if (pathname.endsWith("/selfsubjectaccessreviews")) {
      const { spec } = JSON.parse(body) as { spec: { resourceAttributes: { verb: string; resource: string } } };
      const { verb, resource } = spec.resourceAttributes;
      return json({ status: { allowed: !this.forbidden.has(`${verb} ${resource}`) } });
    }
    const [, version = ""] = /^\/apis\/([^/]+\/[^/]+)$/.exec(pathname) ?? [];
    const resources = Object.keys(SERVED).filter((each) => SERVED[each] === version);
    if (this.isInstalled && resources.length > 0) {
      return json({ kind: "APIResourceList", resources: resources.map((name) => ({ name })) });
    }
    const [, resource = "", name] = /\/namespaces\/[^/]+\/([^/]+)(?:\/([^/]+))?$/.exec(pathname) ?? [];
    const isKnown = resource === "pods" || (this.isInstalled && resource in SERVED);
    // As a server says it of what it has never heard of.
    if (!isKnown) return void response.writeHead(404).end("404 page not found\n");
    this.#serve(seen, resource, name, body, response);
  }

  #serve(
    { method, url }: SeenRequest,
    resource: string,
    name: string | undefined,
    body: string,
    response: ServerResponse,
  ) {
    const isWatch = url.searchParams.get("watch") === "true";
    const verb = isWatch
      ? "watch"
      : { GET: name === undefined ? "list" : "get", PATCH: "patch", DELETE: "delete" }[method];
    if (this.forbidden.has(`${verb} ${resource}`)) {
      const message = `${resource} is forbidden: User "nullspace" cannot ${verb} resource "${resource}"`;
      return sendFault(response, { status: 403, reason: "Forbidden", message });
    }
    const selects = selectorOf(url.searchParams.get("labelSelector") ?? "");
    if (isWatch) {
      if (Number(url.searchParams.get("resourceVersion")) < this.#oldest) {
        return sendFault(response, { status: 410, reason: "Expired", message: "too old resource version" });
      }
      this.#watches.add({ resource, selects, response });
      return response.flushHeaders();
    }
    if (name === undefined) {
      const metadata = { resourceVersion: String(this.#version) };
      return void response.end(JSON.stringify({ metadata, items: this.list(resource).filter(selects) }));
    }
    if (method !== "GET") this.writes.push(`${method} ${resource}/${name}`);
    const before = this.#of(resource).get(name);
    if (method === "PATCH") return this.#apply(resource, before, JSON.parse(body) as Kept, response);
    if (before === undefined)
      return sendFault(response, { status: 404, reason: "NotFound", message: `${name} not found` });
    if (method === "DELETE") this.remove(resource, name);
    response.end(JSON.stringify(before));
  }

  /** Server-side apply by the one manager that there is: what it wrote before and does not write now goes. */
  #apply(resource: string, before: Kept | undefined, wanted: Kept, response: ServerResponse): void {
    const { metadata, spec } = wanted;
    if (metadata.uid !== undefined && metadata.uid !== before?.metadata.uid) {
      return sendFault(response, { status: 409, reason: "Conflict", message: "the uid is another one" });
    }
    const { name, labels, annotations } = metadata;
    const made = before === undefined ? this.#made(name, labels, spec) : structuredClone(before);
    Object.assign(made, { apiVersion: wanted.apiVersion, kind: wanted.kind });
    Object.assign(made.metadata, {
      namespace: metadata.namespace,
      labels: { ...labels },
      annotations: { ...annotations },
    });
    made.spec = { ...made.spec, ...spec };
    this.mutate(made);
    // What changes nothing is no event, and no other version of the object.
    if (JSON.stringify(made) !== JSON.stringify(before)) {
      if (before !== undefined && JSON.stringify(made.spec) !== JSON.stringify(before.spec))
        made.metadata.generation += 1;
      this.#put(resource, made);
      this.fill();
    }
    response.end(JSON.stringify(made));
    this.afterWrite();
  }

  #made(name: string, labels: Record<string, string>, spec: Record<string, unknown>): Kept {
    return { metadata: { name, uid: randomUUID(), resourceVersion: "0", generation: 1, labels }, spec };
  }

  #put(resource: string, object: Kept): void {
    const { name } = object.metadata;
    const type = this.#of(resource).has(name) ? "MODIFIED" : "ADDED";
    object.metadata.resourceVersion = String((this.#version += 1));
    this.#of(resource).set(name, object);
    this.#tell(type, resource, object);
  }

  #tell(type: string, resource: string, object: Kept): void {
    const line = `${JSON.stringify({ type, object })}\n`;
    for (const watch of this.#watches) {
      if (watch.resource === resource && watch.selects(object)) watch.response.write(line);
    }
  }

  #of(resource: string): Map<string, Kept> {
    const found = this.#objects.get(resource) ?? new Map<string, Kept>();
    this.#objects.set(resource, found);
    return found;
  }
}

function ownerOf({ metadata }: Kept): string {
  return (metadata as { ownerReferences?: { uid: string }[] }).ownerReferences?.[0]?.uid ?? "";
}

function sendFault(response: ServerResponse, { status, reason = "", message = "no", retryAfter, page }: Fault): void {
  response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": String(retryAfter) });
  response.end(page ?? statusOf(status, reason, message));
}

/** `key=value`, `key` and `!key`, all of them. */
function selectorOf(text: string): (object: Kept) => boolean {
  const tests = text.split(",").map((each) => {
    const [key = "", value] = each.split("=");
    return ({ metadata }: Kept) => {
      if (key === "") return true;
      if (key.startsWith("!")) return !(key.slice(1) in metadata.labels);
      return value === undefined ? key in metadata.labels : metadata.labels[key] === value;
    };
  });
  return (object) => tests.every((test) => test(object));
}
