import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KubernetesClient } from "../../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { GUEST_LABEL, podName } from "../../../../service/drivers/kubernetes/guest-labels.ts";
import { KubernetesMachineDriver } from "../../../../service/drivers/kubernetes/pod-driver.ts";
import { POD_ANNOTATION } from "../../../../service/drivers/kubernetes/sandbox-api.ts";
import type { GuestEvent } from "../../../../service/fleet/guests/machine-driver.ts";
import { INSTANCE_LABEL } from "../../../../service/labels.ts";
import { openStandIn, statusOf, type StandIn } from "./stand-in.ts";

type Kind = "pods" | "sandboxes";

const GUEST = "gst_one";
const NAME = podName(GUEST);
const labels = { [INSTANCE_LABEL]: "i", [GUEST_LABEL]: GUEST };

const sandboxOf = (begunWith?: string, more: object = {}) => ({
  metadata: {
    name: NAME,
    uid: "sandbox-1",
    resourceVersion: "20",
    labels,
    ...(begunWith !== undefined && { annotations: { [POD_ANNOTATION]: begunWith } }),
    ...more,
  },
  spec: { operatingMode: "Running" },
});

const podOf = (uid: string, more: object = {}) => ({
  metadata: {
    name: NAME,
    uid,
    resourceVersion: "20",
    labels,
    ownerReferences: [{ apiVersion: "agents.x-k8s.io/v1beta1", kind: "Sandbox", uid: "sandbox-1", controller: true }],
    ...more,
  },
  spec: { nodeName: "n" },
  status: { phase: "Running", containerStatuses: [{ name: "guest", state: { running: {} } }] },
});

describe("the two watches of Sandboxes and their pods", () => {
  let server: StandIn;
  let driver: KubernetesMachineDriver;
  let items: Record<Kind, object[]>;
  let watches: Partial<Record<Kind, ServerResponse>>;
  const stop = { signal: new AbortController() };

  beforeEach(async () => {
    server = await openStandIn();
    items = { pods: [], sandboxes: [] };
    watches = {};
    stop.signal = new AbortController();
    server.answer = ({ url, method }, response) => {
      const answer = (object: object) => void response.end(JSON.stringify(object));
      if (method === "POST") return answer({ status: { allowed: true } });
      if (url.pathname === "/apis/agents.x-k8s.io/v1beta1") return answer({ resources: [{ name: "sandboxes" }] });
      const [, kind, name] = /\/(pods|sandboxes)(?:\/(.+))?$/.exec(url.pathname) ?? [];
      if (url.searchParams.get("watch") === "true") {
        watches[kind as Kind] = response;
        return response.flushHeaders();
      }
      const found = items[kind as Kind];
      if (name === undefined) return answer({ metadata: { resourceVersion: "10" }, items: found });
      if (found[0] !== undefined) return answer(found[0]);
      return void response.writeHead(404).end(statusOf(404, "NotFound", "none"));
    };
    driver = new KubernetesMachineDriver(new KubernetesClient(server.access()), {
      namespace: "default",
      instanceId: "i",
      guest: "sandbox",
    });
  });

  afterEach(async () => {
    stop.signal.abort();
    await driver.close();
    await server[Symbol.asyncDispose]();
  });

  const tell = (kind: Kind, type: "ADDED" | "MODIFIED" | "DELETED", object: object) =>
    watches[kind]?.write(`${JSON.stringify({ type, object })}\n`);

  async function follow(): Promise<GuestEvent[]> {
    const told: GuestEvent[] = [];
    const opened = Promise.withResolvers<void>();
    void (async () => {
      for await (const event of driver.watch({ signal: stop.signal.signal, onOpen: opened.resolve })) told.push(event);
    })().catch(() => undefined);
    await opened.promise;
    await expect.poll(() => Object.keys(watches).length).toBe(2);
    return told;
  }

  const look = () => driver.look(GUEST, undefined, { signal: AbortSignal.timeout(20_000), isWatched: true });
  const died = [{ guestId: GUEST, kind: "died" }];

  it("take a pod that is told before its Sandbox for one that lives", async () => {
    const told = await follow();
    tell("pods", "ADDED", podOf("pod-1"));
    // Something else that comes after it, so that the pod is known to have come.
    tell("pods", "ADDED", { ...podOf("pod-2"), metadata: { ...podOf("pod-2").metadata, name: "other" } });
    tell("sandboxes", "ADDED", sandboxOf());
    await expect.poll(look).toEqual({ ok: true });
    tell("sandboxes", "MODIFIED", sandboxOf("pod-1"));
    tell("pods", "MODIFIED", podOf("pod-1"));
    await expect.poll(look).toEqual({ ok: true });
    expect(told).toEqual([]);
    tell("pods", "MODIFIED", podOf("pod-1", { deletionTimestamp: "2026-01-01T00:00:00Z" }));
    await expect.poll(() => told).toEqual(died);
  });

  it("tell one death of a guest whose pod is made again, and never hand out the new one", async () => {
    items = { pods: [podOf("pod-1")], sandboxes: [sandboxOf("pod-1")] };
    const told = await follow();
    expect(await look()).toEqual({ ok: true });
    tell("pods", "DELETED", podOf("pod-1"));
    await expect.poll(() => told).toEqual(died);
    tell("pods", "ADDED", podOf("pod-2"));
    tell("sandboxes", "MODIFIED", sandboxOf("pod-1"));
    await expect.poll(look).toMatchObject({ ok: false, reason: expect.stringContaining("its pod was deleted") });
    expect(told).toEqual(died);
  });

  it.each(["pods", "sandboxes"] as const)(
    "tell a death while nobody listened, with the %s listed last",
    async (last) => {
      items = { pods: [podOf("pod-2")], sandboxes: [sandboxOf("pod-1")] };
      const { answer } = server;
      const held = Promise.withResolvers<void>();
      server.answer = async (seen, response, request) => {
        if (seen.url.pathname.endsWith(`/${last}`) && !seen.url.searchParams.has("watch")) await held.promise;
        await answer(seen, response, request);
      };
      const opened = follow();
      await expect.poll(() => Object.keys(watches)).toEqual([last === "pods" ? "sandboxes" : "pods"]);
      held.resolve();
      expect(await opened).toEqual([]);
      expect(await driver.list()).toEqual([{ guestId: GUEST, alive: false, paused: false }]);
      expect(await look()).toMatchObject({ ok: false });
    },
  );

  it("tell a death when the Sandbox goes first, and when its pod does", async () => {
    items = { pods: [podOf("pod-1")], sandboxes: [sandboxOf("pod-1")] };
    const told = await follow();
    tell("sandboxes", "DELETED", sandboxOf("pod-1"));
    await expect.poll(() => told).toEqual(died);
    tell("pods", "MODIFIED", podOf("pod-1", { deletionTimestamp: "2026-01-01T00:00:00Z" }));
    tell("pods", "DELETED", podOf("pod-1"));
    items = { pods: [], sandboxes: [] };
    await expect.poll(look).toMatchObject({ ok: false, reason: "its pod is gone" });
    expect(told).toEqual(died);
  });

  it("tell one death of a guest whose controller makes one more pod after its end, as it has not heard of it", async () => {
    items = { pods: [podOf("pod-1")], sandboxes: [sandboxOf("pod-1")] };
    const told = await follow();
    tell("sandboxes", "DELETED", sandboxOf("pod-1"));
    tell("pods", "DELETED", podOf("pod-1"));
    await expect.poll(() => told).toEqual(died);
    tell("pods", "ADDED", podOf("pod-2"));
    tell("pods", "MODIFIED", podOf("pod-2", { deletionTimestamp: "2026-01-01T00:00:00Z" }));
    tell("pods", "DELETED", podOf("pod-2"));
    // One after it, whose death is told: then so would have been what came before.
    const { ownerReferences: _, labels: __, ...bare } = podOf("pod-3").metadata;
    const last = { metadata: { ...bare, name: "last", labels: { ...labels, [GUEST_LABEL]: "gst_last" } }, spec: {} };
    tell("pods", "ADDED", last);
    tell("pods", "DELETED", last);
    await expect.poll(() => told).toEqual([...died, { guestId: "gst_last", kind: "died" }]);
  });

  it("tell no death of a guest whose Sandbox names its pod before that is told, and list it as alive", async () => {
    const told = await follow();
    items = { pods: [podOf("pod-1")], sandboxes: [sandboxOf("pod-1")] };
    tell("sandboxes", "ADDED", sandboxOf("pod-1"));
    const askedFor = () => server.seen.filter(({ url }) => url.pathname.endsWith(`/pods/${NAME}`)).length;
    await expect.poll(askedFor).toBeGreaterThan(0);
    expect(await driver.list()).toEqual([{ guestId: GUEST, alive: true, paused: false }]);
    tell("pods", "ADDED", podOf("pod-1"));
    await expect.poll(look).toEqual({ ok: true });
    expect(told).toEqual([]);
    tell("pods", "DELETED", podOf("pod-1"));
    await expect.poll(() => told).toEqual(died);
  });

  it("take no page of what stands before the server for the end of every Sandbox", async () => {
    items = { pods: [podOf("pod-1")], sandboxes: [sandboxOf("pod-1")] };
    const told = await follow();
    const { answer } = server;
    server.answer = (seen, response, request) => {
      if (!seen.url.pathname.startsWith("/apis")) return answer(seen, response, request);
      response.writeHead(404).end("404 page not found\n");
    };
    const before = server.seen.length;
    watches.sandboxes?.end();
    const asked = () => server.seen.slice(before).filter(({ url }) => url.pathname === "/apis").length;
    await expect.poll(asked).toBeGreaterThan(0);
    await expect(driver.list()).rejects.toMatchObject({ code: "engine_unavailable" });
    server.answer = answer;
    await expect.poll(look).toEqual({ ok: true });
    expect(await driver.list()).toEqual([{ guestId: GUEST, alive: true, paused: false }]);
    expect(told).toEqual([]);
  });

  it("end the wait for a removal that nobody tells of, as it was over before they began", async () => {
    items = { pods: [podOf("pod-1")], sandboxes: [sandboxOf("pod-1")] };
    const { answer } = server;
    const asked = Promise.withResolvers<void>();
    server.answer = async (seen, response, request) => {
      const isList = !seen.url.pathname.endsWith(NAME) && /\/(pods|sandboxes)$/.test(seen.url.pathname);
      if (isList) await asked.promise;
      await answer(seen, response, request);
      // Asked for once more after it was deleted; and then it is gone.
      const isDeleted = server.seen.some(({ method }) => method === "DELETE");
      if (!isDeleted || seen.method !== "GET" || !seen.url.pathname.endsWith(`/sandboxes/${NAME}`)) return;
      items = { pods: [], sandboxes: [] };
      response.on("finish", () => setImmediate(asked.resolve));
    };
    await driver.remove(GUEST);
    const deleted = server.seen.filter(({ method }) => method === "DELETE");
    expect(deleted.map(({ url }) => url.pathname.split("/").at(-2))).toEqual(["sandboxes", "pods"]);
  }, 10_000);
});
