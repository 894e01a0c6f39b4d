import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { ClientCertificate } from "./client-certificate.ts";
import { fixedCredentials, withToken, type ClusterAccess, type Credentials } from "./cluster-access.ts";
import { KubeconfigError } from "./errors.ts";
import { ExecConfig, ExecPlugin, type ExecCluster } from "./exec-plugin.ts";
import { inClusterAccess } from "./in-cluster.ts";
import { Authorities, fixedPem, PemFile, type PemText } from "./pem-text.ts";
import { TokenFile } from "./token-file.ts";

const text = z.string().nullish();

const Cluster = z.looseObject({
  server: z.string().min(1),
  "certificate-authority": text,
  "certificate-authority-data": text,
  "tls-server-name": text,
  "insecure-skip-tls-verify": z.boolean().nullish(),
  "proxy-url": text,
});

const User = z.looseObject({
  token: text,
  tokenFile: text,
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  exec: ExecConfig.nullish(),
  username: text,
  "auth-provider": z.unknown().optional(),
  as: text,
});

const Context = z.looseObject({ cluster: z.string(), user: z.string(), namespace: text });

const named = <S extends z.ZodType, K extends string>(key: K, schema: S) =>
  z
    .array(z.looseObject({ name: z.string(), [key]: schema } as { name: z.ZodString } & Record<K, S>))
    .nullish()
    .transform((list) => list ?? []);

/** The members of a kubeconfig (`clientcmd/api/v1`) that matter here. */
const Kubeconfig = z.looseObject({
  "current-context": text,
  clusters: named("cluster", Cluster),
  contexts: named("context", Context),
  users: named("user", z.looseObject({}).nullish()),
});

/** What stands in a file, and where the paths in it begin. */
interface FromFile<T> {
  readonly value: T;
  readonly file: string;
}

/** Files of one configuration, the first word of each name counts. */
interface MergedConfig {
  currentContext: string | undefined;
  readonly clusters: Map<string, FromFile<z.infer<typeof Cluster>>>;
  readonly contexts: Map<string, FromFile<z.infer<typeof Context>>>;
  readonly users: Map<string, FromFile<unknown>>;
}

/** Which cluster; every member may be left out. */
export interface ClusterChoice {
  /** @default the files of KUBECONFIG; else the cluster that this process runs in; else `~/.kube/config` */
  readonly kubeconfig?: string | undefined;
  /** @default the kubeconfig's current one */
  readonly context?: string | undefined;
}

/**
 * How to get into a cluster: by a kubeconfig as kubectl reads it, or from inside.
 *
 * @throws KubeconfigError
 */
export async function findCluster(
  { kubeconfig, context }: ClusterChoice = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<ClusterAccess> {
  if (kubeconfig !== undefined) return readKubeconfig([kubeconfig], context);
  const listed = (env.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
  if (listed.length > 0) return readKubeconfig(listed, context, { mayLack: true });
  if (env.KUBERNETES_SERVICE_HOST && context === undefined) return inClusterAccess(env);
  return readKubeconfig([join(homedir(), ".kube", "config")], context);
}

/** @param options.mayLack files that are not there are passed over, as long as there is one (KUBECONFIG's rule) */
export async function readKubeconfig(
  files: readonly string[],
  contextName?: string,
  { mayLack = false }: { readonly mayLack?: boolean } = {},
): Promise<ClusterAccess> {
  const config = await readFiles(files, mayLack);
  const where = files.join(", ");
  const name = contextName ?? config.currentContext;
  if (name === undefined || name === "") {
    throw new KubeconfigError(`${where} names no current context. Choose one with --context.`);
  }
  const context = config.contexts.get(name)?.value;
  if (context === undefined) {
    const known = [...config.contexts.keys()].join(", ") || "none";
    throw new KubeconfigError(`${where} has no context "${name}"; it has ${known}.`);
  }
  const cluster = config.clusters.get(context.cluster);
  if (cluster === undefined) {
    throw new KubeconfigError(`${where}: context "${name}" is of a cluster "${context.cluster}" that is not there.`);
  }
  const user = config.users.get(context.user);
  if (user === undefined && context.user !== "") {
    throw new KubeconfigError(`${where}: context "${name}" is of a user "${context.user}" that is not there.`);
  }
  const reached = readCluster(cluster);
  return {
    name,
    namespace: context.namespace || "default",
    ...reached,
    credentials: user === undefined ? fixedCredentials({}) : readUser(user, context.user, reached),
  };
}

async function readFiles(files: readonly string[], mayLack: boolean): Promise<MergedConfig> {
  const merged: MergedConfig = {
    currentContext: undefined,
    clusters: new Map(),
    contexts: new Map(),
    users: new Map(),
  };
  let count = 0;
  for (const each of files) {
    const file = resolve(each);
    let content: string;
    try {
      content = await readFile(file, "utf8");
    } catch (error) {
      if (mayLack && (error as NodeJS.ErrnoException).code === "ENOENT") continue;
      throw new KubeconfigError(`The kubeconfig ${file} cannot be read.`, error);
    }
    count += 1;
    const config = parseConfig(file, content);
    merged.currentContext ||= config["current-context"] ?? undefined;
    for (const { name, cluster } of config.clusters) addFirst(merged.clusters, name, cluster, file);
    for (const { name, context } of config.contexts) addFirst(merged.contexts, name, context, file);
    for (const { name, user } of config.users) addFirst(merged.users, name, user ?? {}, file);
  }
  if (count === 0) throw new KubeconfigError(`None of the kubeconfig files ${files.join(", ")} is there.`);
  return merged;
}

function addFirst<T>(into: Map<string, FromFile<T>>, name: string, value: T, file: string): void {
  if (!into.has(name)) into.set(name, { value, file });
}

/** What a parser says of a text may quote it, and there are secrets in it: only where is told. */
function parseConfig(file: string, content: string): z.infer<typeof Kubeconfig> {
  let value: unknown;
  try {
    value = parse(content, { logLevel: "error" });
  } catch {
    throw new KubeconfigError(`The kubeconfig ${file} is not YAML.`);
  }
  const parsed = Kubeconfig.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map(({ path }) => path.join(".") || "its root");
  throw new KubeconfigError(
    `The kubeconfig ${file} is not one: ${[...new Set(paths)].join(", ")} is not as it should be.`,
  );
}

function readCluster({ value, file }: FromFile<z.infer<typeof Cluster>>): ExecCluster {
  if (value["proxy-url"]) {
    throw new KubeconfigError(`${file}: proxy-url is not supported. Use an API server that is reached directly.`);
  }
  let server: URL;
  try {
    server = new URL(value.server);
  } catch (error) {
    throw new KubeconfigError(`${file}: the server "${value.server}" is not a URL.`, error);
  }
  if (server.protocol !== "https:" && server.protocol !== "http:") {
    throw new KubeconfigError(`${file}: the server "${value.server}" is neither https nor http.`);
  }
  const ca = pemOf(value["certificate-authority-data"], value["certificate-authority"], file);
  return {
    server: value.server.replace(/\/+$/, ""),
    ...(ca !== undefined && { ca: new Authorities(ca) }),
    ...(value["tls-server-name"] && { serverName: value["tls-server-name"] }),
    ...(value["insecure-skip-tls-verify"] && { isInsecure: true }),
  };
}

/** Only the user that is used has to be one that this client knows. */
function readUser(from: FromFile<unknown>, name: string, cluster: ExecCluster): Credentials {
  const { file } = from;
  const parsed = User.safeParse(from.value);
  if (!parsed.success) {
    const paths = parsed.error.issues.map(({ path }) => path.join("."));
    throw new KubeconfigError(`${file}: user "${name}": ${[...new Set(paths)].join(", ")} is not as it should be.`);
  }
  const user = parsed.data;
  if (user["auth-provider"] != null) {
    throw new KubeconfigError(`${file}: user "${name}" has an auth-provider, which Kubernetes 1.26 removed. Use exec.`);
  }
  if (user.username) {
    throw new KubeconfigError(`${file}: user "${name}" has a password, which Kubernetes 1.19 removed. Use a token.`);
  }
  if (user.as) throw new KubeconfigError(`${file}: user "${name}" impersonates another, which is not supported.`);
  const cert = pemOf(user["client-certificate-data"], user["client-certificate"], file);
  const key = pemOf(user["client-key-data"], user["client-key"], file);
  if ((cert === undefined) !== (key === undefined)) {
    throw new KubeconfigError(`${file}: user "${name}" has a client certificate or a key, and not both.`);
  }
  const certificate = cert === undefined || key === undefined ? fixedCredentials({}) : new ClientCertificate(cert, key);
  // client-go's order: a certificate is shown beside any of them; the file counts before the token, both before a plugin.
  if (user.tokenFile) return new TokenFile(resolve(dirname(file), user.tokenFile), certificate);
  if (user.token) return withToken(user.token, certificate);
  if (user.exec != null) {
    const isRelative = /[\\/]/.test(user.exec.command);
    const command = isRelative ? resolve(dirname(file), user.exec.command) : user.exec.command;
    return new ExecPlugin({ ...user.exec, command }, dirname(file), cluster);
  }
  return certificate;
}

/** Data that stands in the kubeconfig counts before a file, as in client-go. */
function pemOf(data: string | null | undefined, path: string | null | undefined, file: string): PemText | undefined {
  if (data) return fixedPem(Buffer.from(data, "base64").toString("utf8"));
  if (!path) return undefined;
  const full = resolve(dirname(file), path);
  try {
    return new PemFile(full);
  } catch (error) {
    throw new KubeconfigError(`${full}, which the kubeconfig ${file} names, cannot be read.`, error);
  }
}
