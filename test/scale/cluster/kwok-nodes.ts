import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Api } from "./api.ts";
import { ClusterProcess } from "./cluster-process.ts";
import { tool } from "./tools.ts";
import { until } from "./until.ts";

const START_TIMEOUT_MS = 60_000;

/** Label of nodes that are KWOK's, which pods choose by a nodeSelector: `type: kwok`. */
const LABELS = { type: "kwok" };

/**
 * Starts KWOK and nodes that it speaks for: pods on them get ready and end as real ones do, and nothing runs.
 *
 * @param options.isTainted whether only pods that tolerate the taint `kwok.x-k8s.io/node` come there, as beside a real node
 */
export async function startKwokNodes(
  folder: string,
  options: { count: number; isTainted: boolean; address: string; kubeconfig: string; api: Api },
): Promise<ClusterProcess> {
  const { count, isTainted, address, kubeconfig, api } = options;
  const dir = join(folder, "kwok");
  await mkdir(dir);
  const beside = dirname(tool("kwok"));
  const stages = (await readdir(beside)).filter((name) => name.endsWith(".yaml")).toSorted();
  const texts = await Promise.all(stages.map((name) => readFile(join(beside, name), "utf8")));
  await writeFile(join(dir, "stages.yaml"), texts.join("\n---\n"));
  const kwok = new ClusterProcess(dir, {
    name: "kwok",
    command: tool("kwok"),
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--config=${join(dir, "stages.yaml")}`,
      "--manage-all-nodes=false",
      "--manage-nodes-with-label-selector=type=kwok",
      `--node-ip=${address}`,
      `--server-address=${address}:10247`,
    ],
  });
  try {
    await kwok.start();
    for (let index = 0; index < count; index++) {
      await api.create("/api/v1/nodes", node(`kwok-${index}`, isTainted));
    }
    await until(`${count} nodes of KWOK to be ready`, START_TIMEOUT_MS + count * 200, async () => {
      await kwok.expectRunning();
      return (await readyNodes(api)) >= count;
    });
  } catch (error) {
    await kwok.kill();
    throw error;
  }
  return kwok;
}

async function readyNodes(api: Api): Promise<number> {
  const list = (await api.get("/api/v1/nodes?labelSelector=type%3Dkwok")) as {
    items: { status: { conditions?: { type: string; status: string }[] } }[];
  };
  return list.items.filter(({ status }) =>
    (status.conditions ?? []).some(({ type, status: value }) => type === "Ready" && value === "True"),
  ).length;
}

function node(name: string, isTainted: boolean): object {
  const taint = { key: "kwok.x-k8s.io/node", value: "fake", effect: "NoSchedule" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: { ...LABELS, "kubernetes.io/hostname": name },
      annotations: { "kwok.x-k8s.io/node": "fake" },
    },
    spec: isTainted ? { taints: [taint] } : {},
  };
}
