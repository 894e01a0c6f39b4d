import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { followList } from "../../../service/drivers/kubernetes/client/follow-list.ts";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";

const Review = z.looseObject({ status: z.looseObject({ userInfo: z.looseObject({ username: z.string() }) }) });
const Named = z.looseObject({ metadata: z.looseObject({ name: z.string() }) });
const soon = { timeout: 20_000, interval: 100 };

describe.skipIf(!HAS_CLUSTER)(
  "certificates in the files of a kubeconfig (skipped where set-up has not built Kubernetes)",
  () => {
    let cluster: Cluster;
    let folder: string;
    const clients: KubernetesClient[] = [];

    beforeAll(async () => {
      cluster = await startCluster();
      folder = join(cluster.folder, "renewed");
      mkdirSync(folder);
    });
    afterAll(async () => {
      for (const client of clients) await client.close();
      await cluster?.stop();
    });

    const openssl = (...args: string[]) => promisify(execFile)("openssl", args, { cwd: folder });
    const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

    /** A certificate of somebody who may do anything, by the cluster's authority or one of its own. */
    async function certificateOf(name: string, { isStranger = false } = {}): Promise<{ cert: string; key: string }> {
      const subject = ["-subj", `/O=system:masters/CN=${name}`];
      const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)];
      if (isStranger) await openssl("req", "-x509", ...NEW_KEY, "-days", "2", ...subject, "-keyout", key, "-out", cert);
      else {
        await openssl("req", ...NEW_KEY, ...subject, "-keyout", key, "-out", `${name}.csr`);
        const ca = ["-CA", join(cluster.folder, "ca.pem"), "-CAkey", join(cluster.folder, "ca-key.pem")];
        const serial = ["-set_serial", `0x${randomBytes(8).toString("hex")}`];
        await openssl("x509", "-req", "-in", `${name}.csr`, ...ca, ...serial, "-days", "2", "-out", cert);
      }
      return { cert, key };
    }

    /** A kubeconfig whose files are its own. */
    function kubeconfig(
      name: string,
      { cert, key }: { cert: string; key: string },
      ca = join(cluster.folder, "ca.pem"),
    ) {
      const dir = join(folder, name);
      mkdirSync(dir);
      const files = { ca: join(dir, "ca.pem"), cert: join(dir, "client.pem"), key: join(dir, "client-key.pem") };
      copyFileSync(ca, files.ca);
      copyFileSync(cert, files.cert);
      copyFileSync(key, files.key);
      const config = JSON.parse(readFileSync(cluster.kubeconfigs.clientCertificate, "utf8")) as {
        clusters: { cluster: object }[];
        users: { user: object }[];
      };
      for (const each of config.clusters) each.cluster = { ...each.cluster, "certificate-authority": files.ca };
      for (const each of config.users) each.user = { "client-certificate": files.cert, "client-key": files.key };
      const path = join(dir, "config");
      writeFileSync(path, JSON.stringify(config));
      return { path, files };
    }

    async function open(path: string): Promise<KubernetesClient> {
      const client = new KubernetesClient(await findCluster({ kubeconfig: path }));
      clients.push(client);
      return client;
    }

    async function whoAmI(client: KubernetesClient): Promise<string> {
      const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
      const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
      return (await client.json({ method: "POST", path, body }, Review)).status.userInfo.username;
    }

    it("are used again when they were renewed, while what was begun with those of before goes on", async () => {
      const [first, second] = [await certificateOf("first"), await certificateOf("second")];
      const { path, files } = kubeconfig("rolling", first);
      const client = await open(path);
      expect(await whoAmI(client)).toBe("first");
      const told: string[] = [];
      const stop = new AbortController();
      const known = Promise.withResolvers<void>();
      const follow = { path: "/api/v1/namespaces/default/configmaps", object: Named, signal: stop.signal };
      const following = (async () => {
        for await (const event of followList(client, follow)) {
          if (event.kind === "all") known.resolve();
          told.push(event.kind === "changed" ? event.object.metadata.name : event.kind);
        }
      })();
      await known.promise;
      // One file after the other: between the two they do not belong together.
      copyFileSync(second.cert, files.cert);
      for (const _ of [1, 2]) expect(await whoAmI(client)).toBe("first");
      copyFileSync(second.key, files.key);
      await expect.poll(() => whoAmI(client), soon).toBe("second");
      await cluster.kubectl(["create", "configmap", "after-renewal"]);
      await expect.poll(() => told, soon).toContain("after-renewal");
      expect(told).not.toContain("lost");
      stop.abort();
      await following;
    });

    it("are looked up at once when the server does not accept them (401), nor they the server", async () => {
      const good = await certificateOf("good");
      const stranger = await certificateOf("stranger", { isStranger: true });
      const refused = kubeconfig("refused", stranger);
      const client = await open(refused.path);
      await expect(whoAmI(client)).rejects.toMatchObject({ status: 401 });
      copyFileSync(good.cert, refused.files.cert);
      copyFileSync(good.key, refused.files.key);
      expect(await whoAmI(client)).toBe("good");

      const mistrusting = kubeconfig("mistrusting", good, stranger.cert);
      const other = await open(mistrusting.path);
      await expect(whoAmI(other)).rejects.toMatchObject({ code: "kubernetes_away", message: /certificate/ });
      // Half of a file is not taken for an authority, nor does it end what worked.
      writeFileSync(mistrusting.files.ca, "-----BEGIN CERTIFICATE-----\nMIIB");
      await expect(whoAmI(other)).rejects.toMatchObject({ code: "kubernetes_away" });
      copyFileSync(join(cluster.folder, "ca.pem"), mistrusting.files.ca);
      expect(await whoAmI(other)).toBe("good");
    });

    it("are followed through the links by which Kubernetes replaces the files of a volume", async () => {
      const [first, second] = [await certificateOf("linked-1"), await certificateOf("linked-2")];
      const { path, files } = kubeconfig("volume", first);
      const dir = join(folder, "volume");
      const version = (name: string, { cert, key }: { cert: string; key: string }) => {
        mkdirSync(join(dir, name));
        copyFileSync(cert, join(dir, name, "client.pem"));
        copyFileSync(key, join(dir, name, "client-key.pem"));
        symlinkSync(name, join(dir, "..data.new"));
        renameSync(join(dir, "..data.new"), join(dir, "..data"));
      };
      version("..1", first);
      for (const file of [files.cert, files.key]) {
        symlinkSync(join("..data", file.slice(dir.length + 1)), `${file}.new`);
        renameSync(`${file}.new`, file);
      }
      const client = await open(path);
      expect(await whoAmI(client)).toBe("linked-1");
      version("..2", second);
      await expect.poll(() => whoAmI(client), soon).toBe("linked-2");
    });
  },
);
