import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { KubernetesClient } from "../../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { GuestChoice, type GuestPreference } from "../../../../service/drivers/kubernetes/guest-choice.ts";
import { openStandIn, statusOf, type StandIn } from "./stand-in.ts";

const Review = z.object({ spec: z.object({ resourceAttributes: z.record(z.string(), z.string()) }) });

describe("what the machines of a cluster are", () => {
  let server: StandIn;
  let client: KubernetesClient;
  /** Names of what the group serves; `undefined`: there is no such group. */
  let served: string[] | undefined;
  let refused: string[];
  let asked: Record<string, string>[];

  beforeEach(async () => {
    server = await openStandIn();
    client = new KubernetesClient(server.access());
    [served, refused, asked] = [["sandboxes", "sandboxes/status"], [], []];
    server.answer = async ({ url, method }, response, request) => {
      if (method === "POST") {
        const { resourceAttributes } = Review.parse(JSON.parse(Buffer.concat(await request.toArray()).toString())).spec;
        asked.push(resourceAttributes);
        const allowed = !refused.includes(resourceAttributes.verb ?? "");
        return void response.end(JSON.stringify({ status: { allowed } }));
      }
      expect(url.pathname).toBe("/apis/agents.x-k8s.io/v1beta1");
      // As the API server says it of a group that it does not know.
      if (served === undefined) return void response.writeHead(404).end("404 page not found\n");
      return void response.end(JSON.stringify({ resources: served.map((name) => ({ name })) }));
    };
  });

  afterEach(async () => {
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  const choose = async (preference: GuestPreference) => {
    const { kind, hasSandboxes, problem } = await new GuestChoice(client, "machines", preference).get();
    return { kind: kind.name, hasSandboxes, problem };
  };

  it.each<[GuestPreference, string]>([
    ["auto", "sandbox"],
    ["sandbox", "sandbox"],
    ["pod", "pod"],
  ])("for %s, where they are served and allowed, is a %s", async (preference, kind) => {
    expect(await choose(preference)).toEqual({ kind, hasSandboxes: true, problem: undefined });
    expect(asked.map(({ verb }) => verb).toSorted()).toEqual(["create", "delete", "get", "list", "patch", "watch"]);
    for (const each of asked) {
      expect(each).toMatchObject({ namespace: "machines", group: "agents.x-k8s.io", resource: "sandboxes" });
    }
  });

  it.each([undefined, [], ["othersandboxes"]])("is pods where what is served is %j", async (names) => {
    served = names;
    for (const preference of ["auto", "pod"] as const) {
      expect(await choose(preference)).toEqual({ kind: "pod", hasSandboxes: false, problem: undefined });
    }
    expect((await choose("sandbox")).problem).toContain("Install agent-sandbox");
    expect(asked).toEqual([]);
  });

  it("is pods without a permission, which is named", async () => {
    refused = ["patch", "watch"];
    const problem = expect.stringContaining(
      'may not patch, watch sandboxes.agents.x-k8s.io in the namespace "machines"',
    );
    expect(await choose("auto")).toEqual({ kind: "pod", hasSandboxes: false, problem });
    expect(await choose("pod")).toEqual({ kind: "pod", hasSandboxes: false, problem: undefined });
    expect(await choose("sandbox")).toMatchObject({ kind: "sandbox", problem });
  });

  it("is asked for once by all who wait, and again after a failure", async () => {
    const { answer } = server;
    server.answer = (_seen, response) => void response.writeHead(500).end(statusOf(500, "InternalError", "no"));
    const choice = new GuestChoice(client, "machines", "auto");
    await expect(choice.get()).rejects.toMatchObject({ code: "kubernetes_refused" });
    server.answer = answer;
    const before = server.seen.length;
    const given = choice.get(AbortSignal.abort(new Error("not wanted")));
    await expect(given).rejects.toThrow("not wanted");
    const kinds = await Promise.all([choice.get(), choice.get(), choice.get()]);
    expect(new Set(kinds.map(({ kind }) => kind.name))).toEqual(new Set(["sandbox"]));
    await choice.get();
    expect(server.seen.length - before).toBe(7);
  });
});
