import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isContained } from "../../../../service/drivers/kubernetes/native-pools/is-contained.ts";
import {
  nativeName,
  templateObject,
  warmPoolObject,
} from "../../../../service/drivers/kubernetes/native-pools/native-manifests.ts";
import { readinessProbe } from "../../../../service/drivers/kubernetes/native-pools/readiness-probe.ts";
import { podObject } from "../../../../service/drivers/kubernetes/pod-object.ts";
import { INSTANCE_LABEL } from "../../../../service/labels.ts";
import type { NativeGeneration } from "../../../../service/fleet/guests/native-pools.ts";

const SETTINGS = { namespace: "machines", instanceId: "one" };
const GENERATION: NativeGeneration = {
  objectName: "web-1-g2",
  poolId: "twp_1",
  poolName: "web",
  generation: 2,
  templateId: "tmpl_1",
  resolvedTemplate: "local/web:tb_1",
  isCurrent: true,
  replicas: 3,
};
const BLUEPRINT = {
  artifact: { templateId: "tmpl_1", imageId: "registry.test/web@sha256:1", env: {}, user: "app" },
  readiness: undefined,
  vcpus: 1,
  memoryMb: 64,
  internetAccess: false,
};

describe("what is kept for other programs on a cluster", () => {
  it("has a name that a pod can have, too, and that is of one pool of one service", () => {
    const pool = fc.record({ poolId: fc.string(), name: fc.string({ unit: "grapheme" }), generation: fc.nat(1e6) });
    fc.assert(
      fc.property(pool, (each) => {
        const name = nativeName("one", each);
        // agent-sandbox adds a hyphen and five characters.
        expect(name.length).toBeLessThanOrEqual(63 - 6);
        expect(name).toMatch(/^[a-z](?:[a-z0-9-]*[a-z0-9])?$/);
        expect(nativeName("two", each)).not.toBe(name);
        expect(nativeName("one", { ...each, poolId: `${each.poolId}x` })).not.toBe(name);
      }),
    );
  });

  it("says which pool it is of, and the pods which policies hold for them, but not whose guests they are", () => {
    const { metadata, spec } = templateObject(GENERATION, BLUEPRINT, SETTINGS);
    const { podTemplate } = spec as { podTemplate: { metadata: { labels: object } } };
    expect(podTemplate.metadata.labels).toEqual({
      "dev.nullspace.local.instance": "one",
      "dev.nullspace.local.template": "tmpl_1",
      "dev.nullspace.local.native": "web-1-g2",
      "dev.nullspace.local.network": "none",
    });
    expect(metadata.labels).not.toHaveProperty("dev.nullspace/current");
    expect(warmPoolObject(GENERATION, SETTINGS).metadata.labels).toMatchObject({ "dev.nullspace/current": "true" });
    const odd = { ...GENERATION, poolName: "no label/that" };
    expect(warmPoolObject(odd, SETTINGS).metadata).toMatchObject({
      labels: expect.not.objectContaining({ "dev.nullspace/pool": expect.anything() }),
      annotations: { "dev.nullspace/pool": "no label/that" },
    });
  });

  it("bears names for other programs on what they claim from alone, and the service's own on everything", () => {
    const [template, pool] = [templateObject(GENERATION, BLUEPRINT, SETTINGS), warmPoolObject(GENERATION, SETTINGS)];
    const { podTemplate } = template.spec as { podTemplate: { metadata: { labels: object; annotations?: object } } };
    const guest = podObject({ ...BLUEPRINT, guestId: "gst_1", poolId: "twp_1" }, SETTINGS);
    const namesOf = (...those: (object | undefined)[]) => those.flatMap((each) => Object.keys(each ?? {}));
    const isOwn = (name: string) => /^dev\.nullspace\.local[./]/.test(name);
    for (const { metadata } of [template, pool]) {
      expect(metadata.labels).toHaveProperty([INSTANCE_LABEL]);
      const forOthers = namesOf(metadata.labels, metadata.annotations).filter((name) => !isOwn(name));
      expect(forOthers.every((name) => /^dev\.nullspace\/(?:pool|pool-id|generation|current|build)$/.test(name))).toBe(
        true,
      );
      expect(forOthers).toEqual(expect.arrayContaining(["dev.nullspace/pool", "dev.nullspace/generation"]));
    }
    for (const { metadata } of [podTemplate, guest] as { metadata: { labels: object; annotations?: object } }[]) {
      expect(metadata.labels).toHaveProperty([INSTANCE_LABEL]);
      expect(namesOf(metadata.labels, metadata.annotations).filter((name) => !isOwn(name))).toEqual([]);
    }
  });

  it.each([
    [
      { kind: "tcp", port: 80 },
      { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 2 },
    ],
    [
      { kind: "http", port: 80, path: "/up", interval_ms: 2_600 },
      { httpGet: { port: 80, path: "/up" }, periodSeconds: 3 },
    ],
    [{ kind: "command", command: "test -e /up" }, { exec: { command: ["sh", "-c", "test -e /up"] } }],
    [
      { kind: "timeout", timeout_ms: 1_500 },
      { exec: { command: ["true"] }, initialDelaySeconds: 2 },
    ],
  ] as const)("is ready by a probe: %j", (readiness, probe) => {
    expect(readinessProbe(readiness, undefined)).toMatchObject(probe);
  });

  it("has its command run as the machine's user", () => {
    const probe = readinessProbe({ kind: "command", command: "id -un" }, "app");
    expect(JSON.stringify(probe)).toMatch(/setpriv.*/);
    expect(readinessProbe(undefined, "app")).toBeUndefined();
  });

  it("is as it should be with whatever else a server or others have added, and not without any of it", () => {
    const wanted = templateObject(GENERATION, { ...BLUEPRINT, readiness: { kind: "tcp", port: 80 } }, SETTINGS);
    const there = structuredClone(wanted) as unknown as Record<string, Record<string, unknown>>;
    there.metadata!.uid = "u";
    there.spec!.added = [1];
    expect(isContained(wanted, there)).toBe(true);
    fc.assert(
      fc.property(fc.constantFrom(...leaves(wanted)), (path) => {
        const changed = structuredClone(there) as unknown as Record<string, unknown>;
        const last = path.at(-1)!;
        const place = path.slice(0, -1).reduce<Record<string, unknown>>((at, step) => at[step] as typeof at, changed);
        place[last] = "otherwise";
        expect(isContained(wanted, changed), path.join(".")).toBe(false);
      }),
    );
    expect(isContained([1, 2], [1, 2, 3])).toBe(false);
  });
});

/** Paths of all that is neither an object nor a list. */
function leaves(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([name, member]) => leaves(member, [...path, name]));
}
