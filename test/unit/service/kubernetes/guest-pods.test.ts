import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KubernetesClient } from "../../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { GUEST_LABEL, podName } from "../../../../service/drivers/kubernetes/guest-labels.ts";
import { GuestPods } from "../../../../service/drivers/kubernetes/guest-pods.ts";
import { KubernetesMachineDriver } from "../../../../service/drivers/kubernetes/pod-driver.ts";
import { INSTANCE_LABEL } from "../../../../service/labels.ts";
import { openStandIn, statusOf, type StandIn } from "./stand-in.ts";

const INSTANCE = "test-instance";

/** Pods that a server of ours has, and its watches. */
class PodServer {
  readonly pods = new Map<string, object>();
  readonly watches = new Set<ServerResponse>();
  #version = 10;

  readonly #server: StandIn;

  constructor(server: StandIn) {
    this.#server = server;
    server.answer = ({ url, method }, response) => {
      if (method === "POST") return this.onPost(response);
      if (url.searchParams.get("watch") === "true") return this.#watch(response);
      const name = /\/pods\/(.+)$/.exec(url.pathname)?.[1];
      if (name !== undefined && method === "GET") return this.#one(name, response);
      const metadata = { resourceVersion: String(this.#version) };
      response.end(JSON.stringify({ metadata, items: [...this.pods.values()] }));
    };
  }

  onPost = (response: ServerResponse): void => void response.writeHead(500).end();

  /** @param isTold whether watches hear of it */
  set(guestId: string, status: object = { phase: "Running" }, isTold = true): object {
    this.#version += 1;
    const name = podName(guestId);
    const labels = { [INSTANCE_LABEL]: INSTANCE, [GUEST_LABEL]: guestId };
    const pod = {
      metadata: { name, uid: `uid-${name}`, labels, resourceVersion: String(this.#version) },
      spec: {},
      status,
    };
    const type = this.pods.has(name) ? "MODIFIED" : "ADDED";
    this.pods.set(name, pod);
    if (isTold) this.tell(type, pod);
    return pod;
  }

  tell(type: string, object: object): void {
    for (const watch of this.watches) watch.write(`${JSON.stringify({ type, object })}\n`);
  }

  get lists(): number {
    return this.#server.seen.filter(
      ({ method, url }) => method === "GET" && /\/pods$/.test(url.pathname) && !url.searchParams.has("watch"),
    ).length;
  }

  #watch(response: ServerResponse): void {
    this.watches.add(response);
    response.on("close", () => this.watches.delete(response));
    response.flushHeaders();
  }

  #one(name: string, response: ServerResponse): void {
    const pod = this.pods.get(name);
    if (pod === undefined) response.writeHead(404).end(statusOf(404, "NotFound", "no such pod"));
    else response.end(JSON.stringify(pod));
  }
}

describe("the pods of a service", () => {
  let server: StandIn;
  let client: KubernetesClient;
  let there: PodServer;
  const soon = { timeout: 20_000, interval: 10 };

  beforeEach(async () => {
    server = await openStandIn();
    client = new KubernetesClient(server.access());
    there = new PodServer(server);
  });
  afterEach(async () => {
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  const namesOf = (pods: readonly { metadata: { name: string } }[]) => pods.map(({ metadata }) => metadata.name);

  it("are told to everybody, whatever one listener throws, who is complained about once a fault", async () => {
    const pods = new GuestPods(client, "default", INSTANCE);
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on("warning", note);
    try {
      using _faulty = pods.listen(({ kind }) => {
        if (kind === "changed") throw new Error("a fault of the listener");
      });
      const told: string[] = [];
      using _other = pods.listen((change) => {
        if (change.kind === "changed") told.push(change.pod.metadata.name);
      });
      await vi.waitFor(() => expect(there.watches.size).toBe(1), soon);
      there.set("gst_1");
      await vi.waitFor(() => expect(told).toEqual([podName("gst_1")]), soon);
      there.set("gst_2");
      await vi.waitFor(() => expect(told).toEqual([podName("gst_1"), podName("gst_2")]), soon);
      expect(pods.isKnown).toBe(true);
      await vi.waitFor(
        () => expect(warnings.map(({ message }) => message)).toEqual(Array(2).fill("a fault of the listener")),
        soon,
      );
    } finally {
      process.off("warning", note);
    }
  });

  it("are listed as they were told while nothing can have been missed, and asked for once in a while", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const pods = new GuestPods(client, "default", INSTANCE);
      there.set("gst_1");
      expect(namesOf(await pods.all(GUEST_LABEL))).toEqual([podName("gst_1")]);
      using _listening = pods.listen(() => undefined);
      await vi.waitFor(() => expect([pods.isKnown, there.watches.size]).toEqual([true, 1]), soon);
      const lists = there.lists;
      there.set("gst_2");
      await vi.waitFor(async () => expect(namesOf(await pods.all(GUEST_LABEL))).toHaveLength(2), soon);
      expect(there.lists).toBe(lists);
      vi.advanceTimersByTime(61_000);
      await pods.all(GUEST_LABEL);
      await pods.all(GUEST_LABEL);
      expect(there.lists).toBe(lists + 1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("are asked for after a silence of the server until what it tells is all there is", async () => {
    const pods = new GuestPods(client, "default", INSTANCE);
    there.set("gst_1");
    using _listening = pods.listen(() => undefined);
    await vi.waitFor(() => expect([pods.isKnown, there.watches.size]).toEqual([true, 1]), soon);
    server.breakAll();
    await vi.waitFor(() => expect(pods.isKnown).toBe(false), soon);
    // It came in the silence, and the watch that goes on has not said so yet.
    const late = there.set("gst_2", { phase: "Running" }, false);
    await vi.waitFor(() => expect([pods.isKnown, there.watches.size]).toEqual([true, 1]), soon);
    expect(namesOf(await pods.all(GUEST_LABEL))).toHaveLength(2);
    const lists = there.lists;
    expect(namesOf(await pods.all(GUEST_LABEL))).toHaveLength(2);
    expect(there.lists).toBe(lists + 1);
    there.tell("ADDED", late);
    await vi.waitFor(() => expect(pods.known(podName("gst_2"))).toBeDefined(), soon);
    await pods.all(GUEST_LABEL);
    const inSync = there.lists;
    expect(namesOf(await pods.all(GUEST_LABEL))).toHaveLength(2);
    expect(there.lists).toBe(inSync);
  });

  it("are made when a server that was too busy for it takes them", async () => {
    const driver = new KubernetesMachineDriver(client, { namespace: "default", instanceId: INSTANCE });
    let asked = 0;
    there.onPost = (response) => {
      asked += 1;
      if (asked <= 2) {
        response.writeHead(429, { "retry-after": "0" }).end(statusOf(429, "TooManyRequests", "too many requests"));
        return;
      }
      const running = { name: "guest", state: { running: { startedAt: null } } };
      response
        .writeHead(201)
        .end(JSON.stringify(there.set("gst_busy", { phase: "Running", containerStatuses: [running] })));
    };
    const artifact = { templateId: "tmpl_1", imageId: "registry.test/a:1", env: {} };
    await driver.start({ guestId: "gst_busy", artifact, vcpus: 1, memoryMb: 64, internetAccess: true });
    expect(asked).toBe(3);
    await driver.close();
  });
});
