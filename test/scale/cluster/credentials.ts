import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Who may speak to a cluster by a bearer token, and the groups they are in. */
const USERS = {
  admin: ["system:masters"],
  /** Somebody who may do nothing but what a test allows: a RoleBinding names the user `nullspace`. */
  nullspace: [],
  "system:kube-controller-manager": [],
  "system:kube-scheduler": [],
  "system:node:node1": ["system:nodes"],
} as const;

export type User = keyof typeof USERS;

/** Files and tokens of a cluster, in its folder. */
export interface Credentials {
  /** The authority of every certificate of the cluster. */
  readonly caFile: string;
  /** Comma-separated lines for `--token-auth-file`. */
  readonly tokenFile: string;
  tokenOf(user: User): string;
  /** Path of `<name>.pem` or `<name>-key.pem`. */
  certificate(name: "server" | "admin" | "to-kubelet"): { readonly cert: string; readonly key: string };
  /** Key pair of the tokens of service accounts. */
  readonly serviceAccounts: { readonly privateKey: string; readonly publicKey: string };
}

/** Makes an authority, the certificates that it signs, and tokens. */
export async function makeCredentials(folder: string, address: string): Promise<Credentials> {
  const openssl = (...args: string[]) => promisify(execFile)("openssl", args, { cwd: folder });
  // Elliptic curves: an RSA key takes up to a second on a busy machine, and there are five.
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl("req", "-x509", ...key, "-days", "2", "-subj", "/CN=ca", "-keyout", "ca-key.pem", "-out", "ca.pem");
  const signed = async (name: string, subject: string, extensions: string) => {
    await writeFile(join(folder, `${name}.ext`), extensions);
    await openssl("req", ...key, "-subj", subject, "-keyout", `${name}-key.pem`, "-out", `${name}.csr`);
    const serial = ["-set_serial", `0x${randomBytes(8).toString("hex")}`];
    const ca = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", ...serial, "-days", "2", "-extfile", `${name}.ext`];
    await openssl("x509", "-req", "-in", `${name}.csr`, ...ca, "-out", `${name}.pem`);
  };
  const names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"].map((name) => `DNS:${name}`);
  await Promise.all([
    signed("server", "/CN=kube-apiserver", `subjectAltName=IP:${address},IP:10.96.0.1,${names.join(",")}\n`),
    signed("admin", "/O=system:masters/CN=admin-by-certificate", "extendedKeyUsage=clientAuth\n"),
    signed("to-kubelet", "/O=system:masters/CN=kube-apiserver", "extendedKeyUsage=clientAuth\n"),
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "service-accounts-key.pem").then(() =>
      openssl("ec", "-in", "service-accounts-key.pem", "-pubout", "-out", "service-accounts.pem"),
    ),
  ]);
  const tokens = new Map(Object.keys(USERS).map((user) => [user, randomBytes(16).toString("hex")]));
  const tokenOf = (user: User) => {
    const token = tokens.get(user);
    if (token === undefined) throw new TypeError(`no token of ${user}`);
    return token;
  };
  const lines = Object.entries(USERS).map(([user, groups]) => {
    // Without the last column there are no groups; an empty one is a group without a name.
    const columns = [tokenOf(user as User), user, user, ...(groups.length === 0 ? [] : [`"${groups.join(",")}"`])];
    return columns.join(",");
  });
  const tokenFile = join(folder, "tokens.csv");
  await writeFile(tokenFile, `${lines.join("\n")}\n`, { mode: 0o600 });
  return {
    caFile: join(folder, "ca.pem"),
    tokenFile,
    tokenOf,
    certificate: (name) => ({ cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) }),
    serviceAccounts: {
      privateKey: join(folder, "service-accounts-key.pem"),
      publicKey: join(folder, "service-accounts.pem"),
    },
  };
}
