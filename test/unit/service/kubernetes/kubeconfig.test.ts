import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { KubeconfigError } from "../../../../service/drivers/kubernetes/client/errors.ts";
import { inClusterAccess } from "../../../../service/drivers/kubernetes/client/in-cluster.ts";
import { findCluster, readKubeconfig } from "../../../../service/drivers/kubernetes/client/kubeconfig.ts";

describe("a kubeconfig", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "nullspace-kubeconfig-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const write = (name: string, content: unknown) => {
    const file = join(folder, name);
    writeFileSync(file, typeof content === "string" ? content : stringify(content));
    return file;
  };
  const config = (user: object, cluster: object = {}) => ({
    "current-context": "one",
    clusters: [{ name: "c", cluster: { server: "https://one.test:6443/", ...cluster } }],
    contexts: [
      { name: "one", context: { cluster: "c", user: "u", namespace: "team" } },
      { name: "two", context: { cluster: "c", user: "u" } },
      { name: "lost", context: { cluster: "nowhere", user: "u" } },
    ],
    users: [{ name: "u", user }],
  });

  it("gives the current context or the one that is asked for, with its namespace", async () => {
    const file = write("config", config({ token: "t" }, { "certificate-authority-data": base64("CA") }));
    const access = await readKubeconfig([file]);
    expect(access).toMatchObject({
      name: "one",
      server: "https://one.test:6443",
      namespace: "team",
      ca: { text: "CA" },
    });
    expect(await access.credentials.get()).toEqual({ token: "t" });
    expect(await readKubeconfig([file], "two")).toMatchObject({ name: "two", namespace: "default" });
    await expect(readKubeconfig([file], "three")).rejects.toThrow(/no context "three"; it has one, two, lost/);
    await expect(readKubeconfig([file], "lost")).rejects.toThrow(/"nowhere"/);
  });

  it("finds files beside itself, and takes data before them", async () => {
    mkdirSync(join(folder, "pki"));
    write("pki/ca.crt", "CA file");
    write("pki/c.crt", "cert file");
    write("pki/c.key", "key file");
    write("token", "from a file\n");
    const paths = { "client-certificate": "pki/c.crt", "client-key": "pki/c.key" };
    const file = write("config", config(paths, { "certificate-authority": "pki/ca.crt" }));
    const access = await readKubeconfig([file]);
    expect(access.ca?.text).toBe("CA file");
    expect(await access.credentials.get()).toEqual({ cert: "cert file", key: "key file" });
    const user = { ...paths, "client-certificate-data": base64("cert data"), tokenFile: "token", token: "lesser" };
    const both = await readKubeconfig([write("config2", config(user))]);
    expect(await both.credentials.get()).toEqual({ cert: "cert data", key: "key file", token: "from a file" });
  });

  it("is made of the files of KUBECONFIG, in which the first word counts", async () => {
    const first = write("first", { "current-context": "two" });
    const second = write("second", config({ token: "t" }));
    const env = { KUBECONFIG: [first, join(folder, "absent"), second].join(delimiter) };
    expect(await findCluster({}, env)).toMatchObject({ name: "two" });
    await expect(findCluster({ kubeconfig: join(folder, "absent") }, env)).rejects.toThrow(/cannot be read/);
    await expect(findCluster({}, { KUBECONFIG: join(folder, "absent") })).rejects.toThrow(/is there/);
  });

  it("asks a plugin that stands beside it", async () => {
    const script = `#!/bin/sh\necho '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$WHO'"}}'\n`;
    (await import("node:fs")).chmodSync(write("plugin.sh", script), 0o755);
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "./plugin.sh",
      env: [{ name: "WHO", value: "me" }],
    };
    const access = await readKubeconfig([write("config", config({ exec }))]);
    expect(await access.credentials.get()).toEqual({ token: "me" });
  });

  it.each([
    ["no YAML", "a: [b: top-secret", /not YAML/],
    ["no kubeconfig", { clusters: "top-secret" }, /clusters/],
    ["a password", config({ username: "u", password: "top-secret" }), /password/],
    ["an auth-provider", config({ "auth-provider": { name: "gcp" } }), /auth-provider/],
    ["half a certificate", config({ "client-certificate-data": "eA==" }), /not both/],
    ["a proxy", config({ token: "top-secret" }, { "proxy-url": "http://p" }), /proxy-url/],
    [
      "an old plugin",
      config({ exec: { apiVersion: "client.authentication.k8s.io/v1alpha1", command: "top-secret" } }),
      /exec.apiVersion/,
    ],
    ["no current context", { clusters: [] }, /--context/],
  ])("that has %s is refused in words that hold none of its secrets", async (_what, content, words) => {
    const error = await readKubeconfig([write("config", content)]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KubeconfigError);
    expect(String(error)).toMatch(words);
    expect(String(error) + String((error as Error).cause)).not.toContain("top-secret");
  });

  it("is not needed in a pod, whose service account gives all", async () => {
    write("ca.crt", "CA");
    write("namespace", "apps");
    write("token", "t");
    const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
    const access = await inClusterAccess(env, folder);
    expect(access).toMatchObject({ server: "https://[fd00::1]:443", namespace: "apps", ca: { text: "CA" } });
    expect(await access.credentials.get()).toEqual({ token: "t" });
    await expect(inClusterAccess(env, join(folder, "nowhere"))).rejects.toThrow(KubeconfigError);
  });
});
