import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { placementKeys } from "../../../service/drivers/kubernetes/placed-settings.ts";
import { podObject, type PodSettings } from "../../../service/drivers/kubernetes/pod-object.ts";
import { openKubernetesMachines } from "../../../service/parts/kubernetes.ts";
import { readPlacements } from "../../../service/parts/placements-file.ts";

const folder = mkdtempSync(join(tmpdir(), "nullspace-placements-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(text: string): string {
  const file = join(folder, "placements.yaml");
  writeFileSync(file, text);
  return file;
}

const WHOLE = `
placements:
  gpu:
    runtimeClassName: nvidia
    nodeSelector: { accelerator: l4 }
    tolerations:
      - key: nvidia.com/gpu
        operator: Exists
        effect: NoSchedule
      - { key: dedicated, value: machines }
    allowEgress: [10.8.0.0/16, "fd00::/8"]
    cpuOvercommit: 4
  plain: {}
`;

describe("the file of placements", () => {
  it("is read as a pod's own specification spells it", () => {
    expect(readPlacements(written(WHOLE))).toEqual(
      new Map([
        [
          "gpu",
          {
            runtimeClass: "nvidia",
            nodeSelector: { accelerator: "l4" },
            tolerations: [
              { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" },
              { key: "dedicated", operator: "Equal", value: "machines" },
            ],
            allowedEgress: ["10.8.0.0/16", "fd00::/8"],
            cpuOvercommit: 4,
          },
        ],
        ["plain", {}],
      ]),
    );
    expect(readPlacements(written("placements: {}"))).toEqual(new Map());
  });

  it.each([
    [
      "placements:\n  gpu:\n    runtimeClass: nvidia",
      /line 3: placements\.gpu\.runtimeClass is not known; did you mean runtimeClassName\?/,
    ],
    ["placements:\n  gpu:\n    colour: red", /line 3: .*there are runtimeClassName, nodeSelector, tolerations/],
    ["placement:\n  gpu: {}", /line 1: placement is not known; did you mean placements\?/],
    [
      "placements:\n  gpu:\n    tolerations:\n      - {key: a}\n      - {kee: b}",
      /line 5: placements\.gpu\.tolerations\[1\]\.kee is not known; did you mean key\?/,
    ],
    ["placements:\n  gpu:\n    tolerations: [{key: a, effect: Never}]", /line 3: .*effect is not one of NoSchedule/],
    ["placements:\n  gpu:\n    tolerations: [{key: a, operator: Exists, value: b}]", /line 3: .*\[0\] has a value/],
    ["placements:\n  gpu:\n    tolerations: [{value: b}]", /line 3: .*\[0\] has no key/],
    [
      "placements:\n  gpu:\n    allowEgress:\n      - 10.0.0.0/8\n      - 10.0.0.0/33",
      /line 5: .*allowEgress\[1\] is not a range/,
    ],
    ["placements:\n  gpu:\n    cpuOvercommit: 0", /line 3: .*cpuOvercommit is less than 1/],
    ["placements:\n  gpu:\n    cpuOvercommit: 1.5", /line 3: .*cpuOvercommit is not a whole number/],
    [
      "placements:\n  gpu:\n    nodeSelector: {gpu: yes please}",
      /line 3: .*nodeSelector\.gpu is not the value of a label/,
    ],
    ["placements:\n  gpu:\n    nodeSelector: {gpu: true}", /line 3: .*nodeSelector\.gpu is not a string/],
    ["placements:\n  GPU: {}", /line 2: placements\.GPU is not a name/],
    ["placements:\n  gpu:\n", /line 2: placements\.gpu is not a map/],
    ["placements:\n  gpu: {}\n  gpu: {}", /line 3: .*unique/],
    ["placements: [", /line 1: /],
    ["- gpu", /line 1: the file is not a map/],
    ["", /line 1: placements is missing/],
  ])("is refused as a whole, by the line, for %j", (text, words) => {
    expect(() => readPlacements(written(text))).toThrow(words);
    expect(() => readPlacements(written(text))).toThrow(join(folder, "placements.yaml"));
  });

  it("is refused when it is not there, or allows what nobody writes a policy for", async () => {
    expect(() => readPlacements(join(folder, "absent"))).toThrow(/cannot be read.*ENOENT/);
    const placements = written(WHOLE);
    const kubeconfig = join(folder, "kubeconfig");
    const config = {
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "" } }],
      clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
    };
    writeFileSync(kubeconfig, JSON.stringify(config));
    const opening = openKubernetesMachines({ kubeconfig, placements, networkPolicy: "none" }, "test", "image");
    await expect(opening).rejects.toMatchObject({ code: "placements_unusable", message: /"gpu".*allowEgress/ });
  });
});

describe("pods of a placement", () => {
  const settings: PodSettings = { namespace: "default", instanceId: "test", tolerations: [{ operator: "Exists" }] };
  const keysOf = (text: string, more: Partial<PodSettings> = {}) =>
    placementKeys({ ...settings, ...more, placements: readPlacements(written(text)) });

  it("are others when anything that they have of it is, in whatever order it is written, and only then", () => {
    const of = (gpu: string, more?: Partial<PodSettings>) => keysOf(`placements:\n  gpu: ${gpu}`, more).get("gpu");
    const first = of("{nodeSelector: {a: b, c: d}}");
    expect(of("{nodeSelector: {c: d, a: b}, allowEgress: [10.8.0.0/16], cpuOvercommit: 1}")).toBe(first);
    const others = [
      of("{nodeSelector: {a: b}}"),
      of("{nodeSelector: {a: b, c: d}, runtimeClassName: kata}"),
      of("{nodeSelector: {a: b, c: d}, tolerations: []}"),
      of("{nodeSelector: {a: b, c: d}, cpuOvercommit: 2}"),
      // What it leaves out is as for every machine.
      of("{nodeSelector: {a: b, c: d}}", { runtimeClass: "gvisor" }),
      keysOf("placements: {other: {nodeSelector: {a: b, c: d}}}").get("other"),
    ];
    expect(new Set([first, ...others]).size).toBe(others.length + 1);
  });

  it("name it, and nothing but what it says", () => {
    const spec = {
      guestId: "gst_1",
      artifact: { templateId: "tmpl_1", imageId: "image", env: {} },
      ...{ vcpus: 1, memoryMb: 64, internetAccess: true },
    };
    expect(podObject(spec, settings).metadata.labels).not.toHaveProperty("dev.nullspace.local.placement");
    expect(podObject({ ...spec, placement: "gpu" }, settings).metadata.labels).toMatchObject({
      "dev.nullspace.local.placement": "gpu",
    });
  });
});
