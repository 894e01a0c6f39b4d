import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { HAS_CLUSTER, tool } from "../cluster/tools.ts";

const root = mkdtempSync(join(tmpdir(), "nullspace-kubeconfigs-"));
const RUNS = 40;
const TOKEN = "token of a file";
let folders = 0;

afterAll(() => rmSync(root, { recursive: true }));

const CONTEXTS = ["dev", "prod"];
const CLUSTERS = ["near", "far"];
const USERS = ["alice", "bob"];

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** Paths are relative to the file that names them. A file and data beside it, kubectl uses and does not print. */
const authority = fc.constantFrom(
  {},
  { "certificate-authority": "ca.crt" },
  { "certificate-authority": "./certs/other.crt" },
  { "certificate-authority-data": base64("an authority in the file") },
);
const place = fc.record(
  {
    server: fc.constantFrom("https://one.example:6443", "https://two.example", "http://127.0.0.1:8001"),
    "tls-server-name": fc.constant("api.internal"),
    "insecure-skip-tls-verify": fc.boolean(),
  },
  { requiredKeys: ["server"] },
);
const cluster = fc.tuple(place, authority).map(([at, by]) => ({ ...at, ...by }));
const user = fc.oneof(
  fc.constant({}),
  fc.record({ token: fc.constantFrom("token-1", "token-2") }),
  fc.record({ tokenFile: fc.constant("certs/token") }),
  fc.record({ token: fc.constant("token-3"), tokenFile: fc.constant("certs/token") }),
  fc.record({
    "client-certificate-data": fc.constant(base64("a certificate")),
    "client-key-data": fc.constant(base64("a key")),
  }),
  fc.record({ "client-certificate": fc.constant("certs/client.crt"), "client-key": fc.constant("certs/client.key") }),
);
const context = fc.record(
  {
    cluster: fc.constantFrom(...CLUSTERS),
    user: fc.constantFrom(...USERS),
    namespace: fc.constantFrom("team-a", "team-b"),
  },
  { requiredKeys: ["cluster", "user"] },
);
const some = <T>(names: readonly string[], value: fc.Arbitrary<T>) => fc.dictionary(fc.constantFrom(...names), value);
const file = fc.record(
  {
    current: fc.constantFrom(...CONTEXTS),
    contexts: some(CONTEXTS, context),
    clusters: some(CLUSTERS, cluster),
    users: some(USERS, user),
  },
  { requiredKeys: ["contexts", "clusters", "users"] },
);
type ConfigFile = typeof file extends fc.Arbitrary<infer T> ? T : never;

describe.skipIf(!HAS_CLUSTER)("a kubeconfig", () => {
  it("of one or several files is read as kubectl reads it", async () => {
    const choice = fc.option(fc.constantFrom(...CONTEXTS), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 3 }), choice, async (files, chosen) => {
        const paths = await write(files);
        expect(await ours(paths, chosen)).toEqual(await theirs(paths, chosen));
      }),
      { numRuns: RUNS },
    );
  });
});

/** Each file in a folder of its own, with what it may name beside it. */
async function write(files: readonly ConfigFile[]): Promise<string[]> {
  folders += 1;
  const paths: string[] = [];
  for (const [index, { current, contexts, clusters, users }] of files.entries()) {
    const folder = join(root, String(folders), String(index));
    await mkdir(join(folder, "certs"), { recursive: true });
    const beside = ["ca.crt", "certs/other.crt", "certs/client.crt", "certs/client.key"];
    for (const name of beside) await writeFile(join(folder, name), `${name} of file ${index}`);
    // kubectl does not say whose folder the path of a token is in: all have the same.
    await writeFile(join(folder, "certs/token"), TOKEN);
    const list = (key: string, entries: object) =>
      Object.entries(entries).map(([name, value]: [string, unknown]) => ({ name, [key]: value }));
    const config = {
      apiVersion: "v1",
      kind: "Config",
      ...(current !== undefined && { "current-context": current }),
      contexts: list("context", contexts),
      clusters: list("cluster", clusters),
      users: list("user", users),
    };
    const path = join(folder, "config");
    await writeFile(path, JSON.stringify(config));
    paths.push(path);
  }
  return paths;
}

/** What a client needs to know, or that it cannot. */
type Reading = "refused" | Record<string, unknown>;

async function ours(paths: readonly string[], chosen: string | undefined): Promise<Reading> {
  try {
    const access = await findCluster({ context: chosen }, { KUBECONFIG: paths.join(delimiter) });
    const { token, cert, key } = await access.credentials.get();
    const { name, server, namespace, serverName, isInsecure = false } = access;
    const ca = access.ca?.text;
    return { name, server, namespace, ca, serverName, isInsecure, token, cert, key };
  } catch {
    return "refused";
  }
}

async function theirs(paths: readonly string[], chosen: string | undefined): Promise<Reading> {
  const flags = ["--minify", "--flatten", "--raw", "-o", "json"];
  if (chosen !== undefined) flags.push(`--context=${chosen}`);
  let printed: string;
  try {
    const env = { ...process.env, HOME: root, KUBECONFIG: paths.join(delimiter) };
    ({ stdout: printed } = await promisify(execFile)(tool("kubernetes"), ["kubectl", "config", "view", ...flags], {
      env,
    }));
  } catch {
    return "refused";
  }
  const config = JSON.parse(printed) as {
    "current-context": string;
    contexts: { context: Record<string, string> }[] | null;
    clusters: { cluster: Record<string, string> }[] | null;
    users: { user: Record<string, string> }[] | null;
  };
  const [found] = config.contexts ?? [];
  const at = config.clusters?.[0]?.cluster;
  const who = config.users?.[0]?.user;
  // kubectl shows what there is of a context that leads nowhere; a client has no use for that.
  if (found === undefined || at === undefined || who === undefined) return "refused";
  const data = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text, "base64").toString());
  return {
    name: config["current-context"],
    server: at.server,
    namespace: found.context.namespace ?? "default",
    ca: data(at["certificate-authority-data"]),
    serverName: at["tls-server-name"],
    isInsecure: Boolean(at["insecure-skip-tls-verify"]),
    token: who.tokenFile === undefined ? who.token : TOKEN,
    cert: data(who["client-certificate-data"]),
    key: data(who["client-key-data"]),
  };
}
