import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CommandResult, runToEnd } from "../../../scripts/quickstart/command.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";
import { type Certificate, startAuthority } from "./certificate.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const DEPLOY = join(ROOT, "deploy");
const VERSION = "4.34.2";

const home = mkdtempSync(join(tmpdir(), "nullspace-pulumi-kubernetes-"));

/** Where Pulumi's plugin for Kubernetes is: named, or downloaded by the CLI where the network lets it. */
const plugin = HAS_CLUSTER ? findPlugin() : undefined;

function findPlugin(): { path?: string } | undefined {
  const path = process.env.NULLSPACE_TEST_PULUMI_KUBERNETES;
  if (path) return { path };
  try {
    const env = { ...process.env, PULUMI_HOME: home };
    execFileSync("pulumi", ["plugin", "install", "resource", "kubernetes", VERSION], { env, stdio: "ignore" });
    return {};
  } catch {
    return undefined;
  }
}

afterAll(() => rmSync(home, { recursive: true, force: true }));

describe.skipIf(plugin === undefined)(
  "pulumi up of deploy/pulumi on a real API server (skipped where Pulumi has no plugin for Kubernetes: NULLSPACE_TEST_PULUMI_KUBERNETES)",
  () => {
    let cluster: Cluster;
    const dir = mkdtempSync(join(tmpdir(), "nullspace-deploy-"));
    const program = join(dir, "deploy", "pulumi");
    const apiKey = "k".repeat(40);

    const pulumi = (...args: string[]): Promise<CommandResult> =>
      runToEnd("pulumi", [...args, "--non-interactive", "--color", "never"], {
        cwd: program,
        env: {
          ...(process.env as Record<string, string>),
          PATH: [join(dir, "bin"), process.env.PATH].join(delimiter),
          HOME: join(dir, "home"),
          PULUMI_HOME: home,
          PULUMI_BACKEND_URL: pathToFileURL(join(dir, "state")).href,
          PULUMI_CONFIG_PASSPHRASE: "test",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          KUBECONFIG: cluster.kubeconfig,
        },
      });
    const ok = async (...args: string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await pulumi(...args);
      if (exitCode !== 0) throw new Error(`pulumi ${args[0]} ended with ${exitCode}:\n${stdout}${stderr}`);
      return stdout + stderr;
    };
    const names = async (...args: string[]): Promise<string[]> => {
      const { stdout } = await cluster.kubectl(["get", ...args, "--output=name"]);
      return stdout.trim().split("\n").filter(Boolean);
    };

    beforeAll(async () => {
      for (const name of ["bin", "home", "state", "certificates"]) mkdirSync(join(dir, name));
      // As somebody has it who has checked the repository out and run npm install.
      for (const folder of ["pulumi", "kubernetes/base"]) {
        mkdirSync(join(dir, "deploy", folder), { recursive: true });
        for (const entry of readdirSync(join(DEPLOY, folder), { withFileTypes: true })) {
          if (entry.isFile()) copyFileSync(join(DEPLOY, folder, entry.name), join(dir, "deploy", folder, entry.name));
        }
      }
      symlinkSync(join(ROOT, "node_modules"), join(program, "node_modules"));
      if (plugin?.path !== undefined) symlinkSync(plugin.path, join(dir, "bin", "pulumi-resource-kubernetes"));
      cluster = await startCluster({ kwokNodes: 2 });
      // Nodes of KWOK have no disks: any volume will do, as nothing runs.
      const volumes = ["a", "b", "c", "d"].map((name) => ({
        apiVersion: "v1",
        kind: "PersistentVolume",
        metadata: { name },
        spec: {
          capacity: { storage: "500Gi" },
          accessModes: ["ReadWriteOnce"],
          persistentVolumeReclaimPolicy: "Delete",
          hostPath: { path: `/none/${name}` },
        },
      }));
      for (const volume of volumes) await cluster.api.create("/api/v1/persistentvolumes", volume);
      const authority = await startAuthority(join(dir, "certificates"));
      const certificate = async (name: string) => {
        const { cert, key }: Certificate = await authority.sign(name);
        return JSON.stringify({ cert, key, ca: authority.ca });
      };
      await ok("stack", "init", "production");
      await ok("config", "set", "host", "nullspace.test");
      await ok("config", "set", "registry", "registry.test/nullspace");
      const secrets = {
        apiKey,
        registryLogin: '{"auths":{}}',
        tls: await certificate("nullspace.nullspace.svc"),
        builderTls: await certificate("buildkitd.nullspace-builders.svc"),
        builderClientTls: await certificate("nullspace-client"),
      };
      for (const [name, value] of Object.entries(secrets)) await ok("config", "set", "--secret", name, value);
    });
    afterAll(async () => {
      await cluster?.stop();
      rmSync(dir, { recursive: true, force: true });
    });

    it("makes all of it, and waits until the service and the builder are ready", async () => {
      const said = await ok("up", "--yes", "--skip-preview");
      expect(said).toContain("https://nullspace.nullspace.svc");
      const running = await cluster.kubectl(["get", "deployment/nullspace", "--namespace=nullspace", "--output=json"]);
      expect(JSON.parse(running.stdout)).toMatchObject({ status: { readyReplicas: 1 } });
      expect(await names("secrets", "--namespace=nullspace")).toEqual(
        ["buildkitd-client-tls", "nullspace-api-key", "nullspace-registry", "nullspace-tls"].map(
          (name) => `secret/${name}`,
        ),
      );
      expect(await names("statefulsets,services", "--namespace=nullspace-builders")).toHaveLength(2);
      expect(await names("networkpolicies", "--all-namespaces")).toHaveLength(3);
    });

    it("keeps the key a secret, and has nothing to do when nothing changed", async () => {
      expect(await ok("stack", "export")).not.toContain(apiKey);
      const said = await ok("up", "--yes", "--skip-preview");
      expect(said).not.toMatch(/created|updated|replaced|deleted/);
    });

    it("brings the next version, and touches nothing else", async () => {
      await ok("config", "set", "image", "registry.test/nullspace-local:9");
      const said = await ok("up", "--yes", "--skip-preview");
      expect(said).toMatch(/~ 1 updated/);
      expect(said).not.toMatch(/created|replaced|deleted/);
      const pods = await cluster.kubectl([
        "get",
        "deployment/nullspace",
        "--namespace=nullspace",
        "--output=jsonpath={.spec.template.spec.containers[0].image}",
      ]);
      expect(pods.stdout).toBe("registry.test/nullspace-local:9");
    });

    it("takes all of it away", async () => {
      await ok("destroy", "--yes", "--skip-preview");
      const left = await names("namespaces");
      expect(left.filter((name) => name.includes("nullspace"))).toEqual([]);
      expect(await names("clusterroles", "--selector=app.kubernetes.io/part-of=nullspace")).toEqual([]);
    });
  },
);
