import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { readMachines } from "../../../service/bin/machine-options.ts";
import { UsageError } from "../../../service/bin/usage-error.ts";

const KUBERNETES = { machines: "kubernetes", builder: "buildkit" };

describe("the options that say what runs machines", () => {
  it("leave Docker Engine as it is, without a word about Kubernetes loaded", () => {
    expect(readMachines({})).toEqual({});
    expect(readMachines({ machines: "docker" })).toEqual({});
    expect(loadedBy({})).toEqual([]);
    const buildkit = { addresses: ["unix:///nowhere.sock"], registry: { repository: "registry.test/machines" } };
    expect(loadedBy({ buildkit, kubernetes: { kubeconfig: "/nowhere" } })).not.toEqual([]);
  });

  it("say which cluster, and on which of its nodes", () => {
    const values = {
      ...KUBERNETES,
      kubeconfig: "/k",
      context: "c",
      namespace: "machines",
      guest: "sandbox",
      "cpu-overcommit": "8",
      "runtime-class": "gvisor",
      "node-selector": ["disktype=ssd", "example.com/pool=machines"],
      toleration: ["dedicated=machines:NoSchedule", "gpu", "a:NoExecute"],
      placements: "placements.yaml",
      "pull-ahead": "off",
      "native-pools": "on",
      "network-policy": "managed",
      "allow-egress": ["10.8.0.0/16", "fd00::/8"],
      "probe-image": "registry.test/busybox",
      "pull-secret": ["one", "two"],
    };
    expect(readMachines(values)).toEqual({
      kubernetes: {
        kubeconfig: "/k",
        context: "c",
        namespace: "machines",
        guest: "sandbox",
        cpuOvercommit: 8,
        runtimeClass: "gvisor",
        nodeSelector: { disktype: "ssd", "example.com/pool": "machines" },
        tolerations: [
          { key: "dedicated", value: "machines", effect: "NoSchedule" },
          { key: "gpu" },
          { key: "a", effect: "NoExecute" },
        ],
        placements: "placements.yaml",
        pullsAhead: false,
        nativePools: true,
        networkPolicy: "managed",
        allowedEgress: ["10.8.0.0/16", "fd00::/8"],
        probeImage: "registry.test/busybox",
        pullSecrets: ["one", "two"],
      },
    });
  });

  it.each([
    [{ machines: "nomad" }, /neither docker nor kubernetes/],
    [{ machines: "kubernetes" }, /--builder buildkit --builder-address \S+ --registry \S+/],
    [{ kubeconfig: "/k" }, /--machines kubernetes/],
    [{ ...KUBERNETES, "cpu-overcommit": "0.5" }, /1 to 100/],
    [{ ...KUBERNETES, guest: "vm" }, /auto, pod, sandbox/],
    [{ guest: "pod" }, /--machines kubernetes/],
    [{ placements: "placements.yaml" }, /--machines kubernetes/],
    [{ ...KUBERNETES, namespace: "Upper" }, /--namespace Upper/],
    [{ ...KUBERNETES, "node-selector": ["no-value"] }, /disktype=ssd/],
    [{ ...KUBERNETES, toleration: ["a:Sometimes"] }, /NoSchedule/],
    [{ ...KUBERNETES, "network-policy": "strict" }, /neither managed nor none/],
    [{ ...KUBERNETES, "network-policy": "none", "allow-egress": ["10.8.0.0/16"] }, /managed/],
    [{ ...KUBERNETES, "allow-egress": ["10.8.0.0/33"] }, /10\.8\.0\.0\/33 is not a range/],
    [{ ...KUBERNETES, "allow-egress": ["somewhere"] }, /is not a range/],
    [{ ...KUBERNETES, "pull-ahead": "maybe" }, /neither on nor off/],
    [{ ...KUBERNETES, "native-pools": "yes" }, /--native-pools yes is neither on nor off/],
    [{ ...KUBERNETES, "pull-secret": ["a b"] }, /--pull-secret a b/],
  ])("are refused when they do not go together: %j", (values, words) => {
    expect(() => readMachines(values)).toThrow(UsageError);
    expect(() => readMachines(values)).toThrow(words);
  });
});

/** What is loaded of Kubernetes when the parts of a service are opened, in a process of its own. */
function loadedBy(options: object): string[] {
  const open = `const { openParts } = await import("./service/parts/open-parts.ts");
const options = { dockerHost: "unix:///nowhere.sock", ...${JSON.stringify(options)} };
await openParts(options, { instanceId: "i" }).then((parts) => parts.close(), () => undefined);
console.log(JSON.stringify(loaded));`;
  const note = `import { registerHooks } from "node:module";
globalThis.loaded = [];
registerHooks({ load(url, context, next) {
  if (/drivers\\/kubernetes\\/|node_modules\\/(ws|yaml)\\//.test(url)) loaded.push(url);
  return next(url, context);
} });`;
  const hook = `data:text/javascript,${encodeURIComponent(note)}`;
  const args = ["--conditions=nullspace-source", "--import", hook, "--input-type=module", "-e", open];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as string[];
}
