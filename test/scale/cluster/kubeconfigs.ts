import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Credentials, User } from "./credentials.ts";

/** Paths of kubeconfigs, one for each way to say who one is. */
export interface Kubeconfigs {
  /** The administrator, by a bearer token in the file. */
  readonly token: string;
  /** The same, by a token in a file of its own. */
  readonly tokenFile: string;
  /** An administrator, by a client certificate whose files it names. */
  readonly clientCertificate: string;
  /** The administrator, by a program that prints the token (client.authentication.k8s.io/v1). */
  readonly exec: string;
  /** The user `nullspace`, who may do nothing until a RoleBinding says so, by a bearer token. */
  readonly unprivileged: string;
}

/** Writes the kubeconfigs of a cluster. JSON is YAML, and so needs no care for what is in a path. */
export async function writeKubeconfigs(folder: string, server: string, made: Credentials): Promise<Kubeconfigs> {
  const dir = join(folder, "kubeconfigs");
  await mkdir(dir);
  const config = async (name: string, user: object) => {
    const path = join(dir, name);
    await writeFile(path, JSON.stringify(kubeconfig(server, made.caFile, user), undefined, 2), { mode: 0o600 });
    return path;
  };
  const token = made.tokenOf("admin");
  const tokenFile = join(dir, "token");
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
  const plugin = join(dir, "credential-plugin");
  const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token } };
  await writeFile(plugin, `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
  await chmod(plugin, 0o700);
  const { cert, key } = made.certificate("admin");
  return {
    token: await config("token.yaml", { token }),
    tokenFile: await config("token-file.yaml", { tokenFile }),
    clientCertificate: await config("client-certificate.yaml", {
      "client-certificate": cert,
      "client-key": key,
    }),
    exec: await config("exec.yaml", {
      exec: { apiVersion: credential.apiVersion, command: plugin, args: [], interactiveMode: "Never" },
    }),
    unprivileged: await config("unprivileged.yaml", { token: made.tokenOf("nullspace") }),
  };
}

/** Writes the kubeconfig of a program of the cluster itself. */
export async function writeKubeconfigOf(
  user: User,
  folder: string,
  server: string,
  made: Credentials,
): Promise<string> {
  const path = join(folder, `${user.replaceAll(":", "-")}.kubeconfig`);
  await writeFile(path, JSON.stringify(kubeconfig(server, made.caFile, { token: made.tokenOf(user) })), {
    mode: 0o600,
  });
  return path;
}

function kubeconfig(server: string, caFile: string, user: object): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "cluster",
    clusters: [{ name: "cluster", cluster: { server, "certificate-authority": caFile } }],
    users: [{ name: "user", user }],
    contexts: [{ name: "cluster", context: { cluster: "cluster", user: "user" } }],
  };
}
