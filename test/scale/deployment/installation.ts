import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import type { LookupFunction } from "node:net";
import { join } from "node:path";
import { Agent } from "undici";
import { parseAllDocuments } from "yaml";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "../../engine/docker/buildkit-daemon.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { startAuthority } from "./certificate.ts";
import { pushImage, pushNodeImage } from "./node-image.ts";
import { startRelay } from "./relay.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const BASE = join(ROOT, "deploy", "kubernetes", "base");
const SERVICE = "nullspace.nullspace.svc";
const BUILDER = "buildkitd.nullspace-builders.svc";
const API_SERVER = "kubernetes.default.svc";
const BUILDER_PORT = 1234;
const API_PORT = 6443;

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  [field: string]: unknown;
}

interface Deployment extends Manifest {
  spec: {
    template: {
      spec: {
        hostAliases?: object[];
        containers: { image: string; args: string[]; env: object[]; imagePullPolicy?: string }[];
      };
    };
  };
}

/** The service of deploy/kubernetes on a cluster of this machine, whose node runs it as it would run anything. */
export interface Installation extends AsyncDisposable {
  readonly cluster: Cluster;
  /** Image that templates can be built on, under the name that builders know it by. */
  readonly baseImage: string;
  /** Images of the service: one, and a later one. */
  readonly images: { readonly first: string; readonly second: string };
  /** Calls the service as it is at the moment, with the key of its secret. */
  readonly client: NullspaceClient;
  kubectl(...args: string[]): Promise<string>;
  /** Waits until the pod of the service is ready. @returns its name and its image */
  untilUp(): Promise<{ name: string; image: string }>;
}

/**
 * Installs the manifests. What the node of this machine lacks is given to the one pod that needs it: names of Services (there is no
 * DNS), and an address of the API server that pods reach. The builder is a process beside the node, with TLS as the manifests have it.
 */
export async function install(): Promise<Installation> {
  await using stack = new AsyncDisposableStack();
  const cluster = await startCluster({ node: true });
  stack.defer(() => cluster.stop());
  const [gateway, registryHost] = [cluster.node!.address, cluster.registry!.host];
  const registryPort = Number(registryHost.split(":")[1]);
  const registry = `${gateway}:${registryPort}`;
  stack.use(await startRelay({ host: gateway, port: registryPort }, { host: "127.0.0.1", port: registryPort }));
  const apiServer = { host: new URL(cluster.server).hostname, port: API_PORT };
  stack.use(await startRelay({ host: gateway, port: API_PORT }, apiServer));

  const dir = join(cluster.folder, "installation");
  await mkdir(join(dir, "data"), { recursive: true });
  const authority = await startAuthority(dir);
  const certificates = {
    service: await authority.sign(SERVICE),
    builder: await authority.sign(BUILDER),
    client: await authority.sign("nullspace-client"),
  };
  const builder = await startBuilder(dir, { gateway, registry });
  stack.use(builder);
  const images = await pushImages(registryHost, builder.address);

  const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await cluster.kubectl(args, {
      timeoutMs: 240_000,
      ...(input !== undefined && { input }),
    });
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const apply = (items: object[]) =>
    kubectl(["apply", "--server-side", "--filename=-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));

  const base = parseAllDocuments(await kubectl(["kustomize", BASE])).map((each) => each.toJS() as Manifest);
  await apply(base.filter(({ kind }) => kind === "Namespace"));
  const apiKey = `ns_test_${randomBytes(24).toString("hex")}`;
  await apply([volume(join(dir, "data")), ...secrets(apiKey, authority.ca, certificates)]);
  await apply(adapted(base, { gateway, registry, image: images.first }));

  let podIp = "";
  const lookup: LookupFunction = (_name, { all }, done) =>
    all === true ? done(null, [{ address: podIp, family: 4 }]) : done(null, podIp, 4);
  const agent = new Agent({ connect: { ca: authority.ca, lookup } });
  stack.defer(() => agent.close());
  const client = new NullspaceClient({ baseUrl: `https://${SERVICE}:3000`, apiKey, dispatcher: agent });
  stack.defer(() => client.close());
  const kept = stack.move();
  return {
    cluster,
    baseImage: `${registry}/busybox:1`,
    images,
    client,
    kubectl: (...args) => kubectl(args),
    async untilUp() {
      await kubectl(["rollout", "status", "deployment/nullspace", "--namespace=nullspace", "--timeout=180s"]);
      const format =
        "--output=jsonpath={range .items[?(@.status.phase=='Running')]}{.metadata.name} {.status.podIP} {.spec.containers[0].image}{end}";
      const pods = ["get", "pods", "--namespace=nullspace", "--selector=app.kubernetes.io/name=nullspace-local"];
      const [name = "", ip = "", image = ""] = (await kubectl([...pods, format])).split(" ");
      podIp = ip;
      return { name, image };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A builder as the manifests have one: whoever builds shows a certificate of its authority. */
async function startBuilder(
  dir: string,
  { gateway, registry }: { gateway: string; registry: string },
): Promise<BuildKitDaemonProcess> {
  const config = join(dir, "buildkitd.toml");
  await writeFile(config, `[registry."${registry}"]\n  http = true\n  insecure = true\n`);
  const tls = ["--tlscert", join(dir, `${BUILDER}.pem`), "--tlskey", join(dir, `${BUILDER}-key.pem`)];
  const place = ["--config", config, "--addr", `tcp://${gateway}:${BUILDER_PORT}`];
  return startBuildKitDaemon([...place, ...tls, "--tlscacert", join(dir, "ca.pem")]);
}

/** The image of the service as a release makes it, and one that comes after it. */
async function pushImages(registry: string, builder: string): Promise<Installation["images"]> {
  const [node, first, second] = ["node:24", "nullspace-local:1", "nullspace-local:2"].map(
    (name) => `${registry}/${name}`,
  );
  await pushNodeImage(node!, builder);
  const script = [join(ROOT, "scripts", "service-image.mjs"), "--tag", first!, "--base", node!, "--buildkit", builder];
  execFileSync(process.execPath, script, { stdio: ["ignore", "ignore", "pipe"] });
  await pushImage(second!, builder, { fileobj: `FROM ${first}\nLABEL later=true\n` });
  return { first: first!, second: second! };
}

/** A disk of the node. */
function volume(path: string): object {
  const onNode = { key: "kubernetes.io/hostname", operator: "In", values: ["node1"] };
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "nullspace-data" },
    spec: {
      capacity: { storage: "20Gi" },
      accessModes: ["ReadWriteOnce"],
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
    },
  };
}

/** As docs/deploy.md has people make them. */
function secrets(
  apiKey: string,
  ca: string,
  { service, client }: Record<"service" | "client", { cert: string; key: string }>,
): object[] {
  const secret = (namespace: string, name: string, type: string, stringData: object) => {
    return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, type, stringData };
  };
  const login = (namespace: string) =>
    secret(namespace, "nullspace-registry", "kubernetes.io/dockerconfigjson", { ".dockerconfigjson": '{"auths":{}}' });
  const [tls, opaque] = ["kubernetes.io/tls", "Opaque"];
  return [
    secret("nullspace", "nullspace-api-key", opaque, { key: apiKey }),
    secret("nullspace", "nullspace-tls", tls, { "tls.crt": service.cert, "tls.key": service.key }),
    secret("nullspace", "buildkitd-client-tls", opaque, {
      "ca.crt": ca,
      "tls.crt": client.cert,
      "tls.key": client.key,
    }),
    login("nullspace"),
    login("nullspace-machines"),
  ];
}

function adapted(
  base: Manifest[],
  { gateway, registry, image }: { gateway: string; registry: string; image: string },
): Manifest[] {
  // Its image is on Docker Hub alone.
  const objects = base.filter(({ metadata }) => metadata.namespace !== "nullspace-builders");
  const settings = objects.find(({ kind }) => kind === "ConfigMap")!;
  settings.data = { HOST: "nullspace.test", REGISTRY: `${registry}/nullspace` };
  const { spec } = (objects.find(({ kind }) => kind === "Deployment") as Deployment).spec.template;
  spec.hostAliases = [{ ip: gateway, hostnames: [API_SERVER, BUILDER] }];
  const container = spec.containers[0]!;
  container.image = image;
  container.args.push("--registry-plain-http", `--base-image=${registry}/busybox:1`, "--cpu-overcommit=20");
  container.env.push({ name: "KUBERNETES_SERVICE_HOST", value: API_SERVER });
  container.env.push({ name: "KUBERNETES_SERVICE_PORT", value: String(API_PORT) });
  return objects;
}

/** What the pod of the service wrote. */
export async function logsOf({ kubectl }: Pick<Installation, "kubectl">): Promise<string> {
  return kubectl("logs", "deployment/nullspace", "--namespace=nullspace", "--tail=50");
}

/** The data of the service as they lie on the node. */
export async function instanceIdOf({ cluster }: Pick<Installation, "cluster">): Promise<string> {
  return (await readFile(join(cluster.folder, "installation", "data", "service", "instance-id"), "utf8")).trim();
}
