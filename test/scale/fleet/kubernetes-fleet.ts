import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import type { CreateTemplateRequest } from "../../../sdk/wire/index.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import type { KubernetesOptions } from "../../../service/parts/kubernetes-options.ts";
import type { Cluster } from "../cluster/cluster.ts";

const SCRIPT = fileURLToPath(new URL("fleet-process.ts", import.meta.url));

/** A pod, or a Sandbox, as the API shows it; the latter has no `spec.containers`. */
export interface SeenObject {
  metadata: { name: string; uid: string; labels: Record<string, string>; deletionTimestamp?: string };
  spec: { containers: { image: string }[] };
}

/** A fleet on a cluster, in a process that may be killed and started again on the same store. */
export class KubernetesFleet implements AsyncDisposable {
  readonly instanceId = `test-${randomBytes(6).toString("hex")}`;
  readonly #folder = mkdtempSync(join(tmpdir(), "nullspace-kubernetes-fleet-"));
  readonly #apiKey = `ns_local_${randomBytes(12).toString("hex")}`;
  readonly #cluster: Cluster;
  #child: ChildProcess | undefined;
  #lines: AsyncIterator<string> | undefined;
  #client: NullspaceClient | undefined;

  readonly #options: KubernetesOptions;
  readonly #imageId: string;

  /** @param imageId what its templates are made of. @default the registry's busybox */
  constructor(cluster: Cluster, options: KubernetesOptions = {}, imageId = cluster.registry?.busyboxImage ?? "") {
    this.#cluster = cluster;
    this.#options = { kubeconfig: cluster.kubeconfig, cpuOvercommit: 20, networkPolicy: "none", ...options };
    this.#imageId = imageId;
  }

  get client(): NullspaceClient {
    return this.#client ?? expect.fail("the fleet is not started");
  }

  /** @param changed options that are otherwise than before, for this start alone */
  async start(changed: KubernetesOptions = {}): Promise<void> {
    const options = JSON.stringify({ ...this.#options, ...changed });
    const args = [join(this.#folder, "store.db"), this.instanceId, options, this.#apiKey];
    const child = spawn(process.execPath, ["--conditions=nullspace-source", SCRIPT, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#client = new NullspaceClient({ baseUrl: await this.#line(), apiKey: this.#apiKey });
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await this.#client?.close();
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const over = once(child, "exit");
    child.kill(signal);
    await over;
  }

  /** A ready build of `local/web`, with `tag` moved to it. */
  async seed(tag: string, definition: CreateTemplateRequest, imageId = this.#imageId): Promise<{ templateId: string }> {
    const line = { name: "web", tag, imageId, definition };
    this.#child?.stdin?.write(`${JSON.stringify(line)}\n`);
    return JSON.parse(await this.#line()) as { templateId: string };
  }

  /** Pods of this service that are not on their way out. */
  async pods(more = ""): Promise<SeenObject[]> {
    return this.#list("/api/v1/pods", more);
  }

  /** Its Sandboxes that are not on their way out. */
  async sandboxes(): Promise<SeenObject[]> {
    return this.#list("/apis/agents.x-k8s.io/v1beta1/sandboxes", "");
  }

  async #list(path: string, more: string): Promise<SeenObject[]> {
    const selector = encodeURIComponent(`${INSTANCE_LABEL}=${this.instanceId}${more}`);
    const { items } = (await this.#cluster.api.get(`${path}?labelSelector=${selector}`)) as { items: SeenObject[] };
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
    const selector = `${INSTANCE_LABEL}=${this.instanceId}`;
    const kinds = this.#options.guest === "sandbox" ? "sandboxes,pods" : "pods";
    await this.#cluster.kubectl(["delete", kinds, "--selector", selector, "--now", "--wait=false"]);
    rmSync(this.#folder, { recursive: true });
  }

  async #line(): Promise<string> {
    const next = await this.#lines?.next();
    if (next === undefined || next.done) throw new Error("the fleet's process has ended");
    return next.value;
  }
}
