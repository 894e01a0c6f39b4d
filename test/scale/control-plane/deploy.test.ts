import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { KubernetesMachineDriver } from "../../../service/drivers/kubernetes/pod-driver.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";
import { type Manifest, pulumiObjects } from "./pulumi-objects.ts";

const DEPLOY = join(import.meta.dirname, "..", "..", "..", "deploy");
const SERVICE_ACCOUNT = "system:serviceaccount:nullspace:nullspace";

describe.skipIf(!HAS_CLUSTER)("deploy/ on a real API server (skipped where set-up has not built Kubernetes)", () => {
  let cluster: Cluster;
  let example: string;
  beforeAll(async () => {
    cluster = await startCluster({ kwokNodes: 2 });
    example = await kubectl(["kustomize", join(DEPLOY, "kubernetes/overlays/example")]);
    // A dry run needs the namespaces of what it tries.
    await apply(byKind(manifestsOf(example), "Namespace"));
  });
  afterAll(() => cluster.stop());

  async function kubectl(args: string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await cluster.kubectl(args, input === undefined ? {} : { input });
    // A warning, such as that of a pod which its namespace would not take, is a fault, too.
    if (code !== 0 || stderr !== "") throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  }
  const apply = (manifests: Manifest[], ...flags: string[]) =>
    kubectl(["apply", "--server-side", ...flags, "--filename=-"], list(manifests));

  it("is taken without a warning, field by field: the base, and the example of an overlay", async () => {
    const base = await kubectl(["kustomize", join(DEPLOY, "kubernetes/base")]);
    for (const text of [base, example]) {
      const manifests = manifestsOf(text);
      const said = await apply(manifests, "--dry-run=server", "--validate=strict");
      expect(said.trim().split("\n")).toHaveLength(manifests.length);
    }
    expect(manifestsOf(example).map(({ kind }) => kind)).toContain("ResourceQuota");
  });

  it("is what the Pulumi program makes, too, with its secrets", async () => {
    const pem = (name: string) => readFile(join(cluster.folder, name), "utf8");
    const [cert, key, ca] = [await pem("server.pem"), await pem("server-key.pem"), await pem("ca.pem")];
    const certificate = JSON.stringify({ cert, key, ca });
    const made = await pulumiObjects({
      host: "nullspace.test",
      registry: "registry.test/team",
      image: "registry.test/nullspace-local:9",
      apiKey: "k".repeat(32),
      tls: certificate,
      builderTls: certificate,
      builderClientTls: certificate,
      registryLogin: '{"auths":{}}',
    });
    const base = manifestsOf(await kubectl(["kustomize", join(DEPLOY, "kubernetes/base")]));
    const name = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
    expect(made.objects.map(name).toSorted()).toEqual(base.map(name).toSorted());
    await apply([...made.objects, ...made.secrets], "--dry-run=server", "--validate=strict");
    // Each secret that a manifest names is made, where it is named.
    const wanted = secretsNamedBy(made.objects);
    expect(wanted).toContain("nullspace-machines/nullspace-registry");
    expect(made.secrets.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(
      expect.arrayContaining(wanted),
    );
    const texts = JSON.stringify(made.objects);
    expect(texts).toContain('"REGISTRY":"registry.test/team"');
    expect(texts).toContain("registry.test/nullspace-local:9");
  });

  it("comes up: volumes are bound, and the pods of each part are admitted and get ready", async () => {
    const manifests = manifestsOf(example);
    // KWOK's nodes have no disks: any volume will do, as nothing runs.
    const volumes = ["a", "b", "c"].map((name) => ({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name },
      spec: { capacity: { storage: "500Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: `/none/${name}` } },
    }));
    await apply([...volumes, ...manifests]);
    for (const what of ["deployment/nullspace", "deployment/registry"]) {
      await kubectl(["rollout", "status", what, "--namespace=nullspace", "--timeout=120s"]);
    }
    await kubectl(["rollout", "status", "statefulset/buildkitd", "--namespace=nullspace-builders", "--timeout=120s"]);
  });

  it("takes the machines of the service, which it runs with the rights of its account alone", async () => {
    await apply(manifestsOf(example));
    const client = new KubernetesClient(await findCluster({ kubeconfig: await kubeconfigOfService(cluster) }));
    const namespace = "nullspace-machines";
    const driver = new KubernetesMachineDriver(client, { namespace, instanceId: "deployed", pullSecrets: ["s"] });
    try {
      const guestId = "gst_deployed";
      const artifact = { templateId: "tmpl_deployed", imageId: "registry.example/team/none:1", env: {} };
      await driver.start({ guestId, artifact, vcpus: 1, memoryMb: 64, internetAccess: true });
      expect((await driver.list()).map((each) => each.guestId)).toEqual([guestId]);
      expect(await driver.hostSize()).toMatchObject({ vcpus: expect.any(Number) as number });
      await driver.remove(guestId);
      expect(await kubectl(["get", "pods", `--namespace=${namespace}`, "--output=name"])).toBe("");
    } finally {
      await driver.close();
    }
  });

  it("lets the service do in the namespace of machines what it needs, and nothing anywhere else", async () => {
    await apply(manifestsOf(example));
    const can = async (verb: string, resource: string, namespace: string) => {
      const args = ["auth", "can-i", verb, resource, `--namespace=${namespace}`, `--as=${SERVICE_ACCOUNT}`];
      return (await cluster.kubectl(args)).stdout.trim() === "yes";
    };
    for (const verb of ["create", "delete", "get", "list", "watch"]) {
      expect(await can(verb, "pods", "nullspace-machines"), verb).toBe(true);
      expect(await can(verb, "pods", "nullspace"), verb).toBe(false);
    }
    // Of a kind that this server does not know, which kubectl will not ask for.
    const canWith = async (group: string, resource: string, verb: string, namespace: string) => {
      const resourceAttributes = { namespace, verb, group, resource };
      const review = { kind: "SubjectAccessReview", spec: { user: SERVICE_ACCOUNT, resourceAttributes } };
      const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
      return ((await cluster.api.create(path, review)) as { status: { allowed: boolean } }).status.allowed;
    };
    for (const verb of ["create", "delete", "get", "list", "patch", "watch"]) {
      for (const [group, resource] of [
        ["agents.x-k8s.io", "sandboxes"],
        ["extensions.agents.x-k8s.io", "sandboxtemplates"],
        ["extensions.agents.x-k8s.io", "sandboxwarmpools"],
      ] as const) {
        expect(await canWith(group, resource, verb, "nullspace-machines"), `${verb} ${resource}`).toBe(true);
        expect(await canWith(group, resource, verb, "nullspace"), `${verb} ${resource}`).toBe(false);
      }
      const mayClaim = await canWith("extensions.agents.x-k8s.io", "sandboxclaims", verb, "nullspace-machines");
      expect(mayClaim, `${verb} sandboxclaims`).toBe(verb === "list");
    }
    for (const verb of ["create", "get"]) expect(await can(verb, "pods/exec", "nullspace-machines")).toBe(true);
    for (const resource of ["secrets", "serviceaccounts/token", "roles"]) {
      expect(await can("get", resource, "nullspace-machines"), resource).toBe(false);
      expect(await can("create", resource, "nullspace-machines"), resource).toBe(false);
    }
    expect(await can("list", "resourcequotas", "nullspace-machines")).toBe(true);
    expect(await can("create", "resourcequotas", "nullspace-machines")).toBe(false);
    for (const verb of ["create", "delete", "list", "patch"]) {
      expect(await can(verb, "networkpolicies.networking.k8s.io", "nullspace-machines"), verb).toBe(true);
      expect(await can(verb, "networkpolicies.networking.k8s.io", "nullspace"), verb).toBe(false);
    }
    expect(await can("list", "nodes", "default")).toBe(true);
    expect(await can("get", "runtimeclasses.node.k8s.io", "default")).toBe(true);
    expect(await can("create", "runtimeclasses.node.k8s.io", "default")).toBe(false);
    expect(await can("update", "nodes", "default")).toBe(false);
  });
});

/** A kubeconfig by which the driver is the service's account, as a token of its pod would make it. */
async function kubeconfigOfService(cluster: Cluster): Promise<string> {
  const { stdout } = await cluster.kubectl(["create", "token", "nullspace", "--namespace=nullspace"]);
  const config = JSON.parse(await readFile(cluster.kubeconfig, "utf8")) as { users: { user: object }[] };
  config.users[0]!.user = { token: stdout.trim() };
  const path = join(cluster.folder, "service-account.yaml");
  await writeFile(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text).map((each) => each.toJS() as Manifest);
}

function byKind(manifests: Manifest[], kind: string): Manifest[] {
  return manifests.filter((each) => each.kind === kind);
}

function list(items: object[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

/** `namespace/name` of the secrets that pods start with, and of the one that machines are pulled with. */
function secretsNamedBy(manifests: Manifest[]): string[] {
  const names = new Set<string>();
  for (const manifest of manifests) {
    const text = JSON.stringify(manifest);
    const found = text.matchAll(/"secretName":"([^"]+)"|"secretKeyRef":\{"name":"([^"]+)"/g);
    for (const [, volume, variable] of found) names.add(`${manifest.metadata.namespace}/${volume ?? variable}`);
    for (const [, name] of text.matchAll(/--pull-secret=([\w-]+)/g)) names.add(`nullspace-machines/${name}`);
  }
  return [...names];
}
