/**
 * Proves that everything that has the version in it has the one of package.json: the service's package, the lock file, the schema
 * (which every SDK is made from), the plugin, the changelog, the docs, the manifests for a cluster.
 *
 *   npm run check:release                    what holds at any time
 *   npm run check:release -- --tag v0.1.0    and what a release needs
 *
 * Names each that does not agree, and ends with 1.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import grpc from "@grpc/grpc-js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { notesOf } from "./release-notes.mjs";

const ROOT = join(import.meta.dirname, "..");
const PLUGIN = ["--conditions=nullspace-source", join(ROOT, "bin", "pulumi-resource-nullspace.ts")];
const LIMIT_MS = 60_000;

const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const versionIn = (path: string): string => (JSON.parse(text(path)) as { version: string }).version;

const { values } = parseArgs({ options: { tag: { type: "string" } } });
const version = versionIn("package.json");
const lock = JSON.parse(text("package-lock.json")) as {
  version: string;
  packages: Record<string, { version?: string }>;
};

const found: [where: string, version: string | undefined][] = [
  ["service/package.json", versionIn("service/package.json")],
  ["package-lock.json", lock.version],
  ["package-lock.json, the package", lock.packages[""]?.version],
  ["package-lock.json, the service", lock.packages.service?.version],
  ["schema.json", versionIn("schema.json")],
  [
    "pulumi-resource-nullspace --version",
    execFileSync(process.execPath, [...PLUGIN, "--version"], { encoding: "utf8" }).trim(),
  ],
  ["the plugin's GetPluginInfo", await pluginInfo()],
  ...versionsInDocs(),
  ...versionsInManifests(),
];
const problems = found.flatMap(([where, has]) => (has === version ? [] : [`${where} has ${has ?? "none"}`]));

const changelog = text("CHANGELOG.md");
if (values.tag === undefined) {
  if (!notesOf(changelog, version) && !notesOf(changelog, "Unreleased")) {
    problems.push(`CHANGELOG.md has neither a part ${version} nor one that is unreleased`);
  }
} else {
  if (values.tag !== `v${version}`) problems.push(`the tag is ${values.tag}`);
  if (!notesOf(changelog, version)) problems.push(`CHANGELOG.md has no part ${version}`);
  if (!existsSync(join(ROOT, "test/e2e/states", version, "recording.json"))) {
    problems.push(`test/e2e/states has no state of ${version}: npm run record:state`);
  }
}

for (const problem of problems) console.error(`${problem}, and package.json has ${version}`);
if (problems.length === 0) console.log(`${version}, in ${found.length} places`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Where a page tells what to type to get the plugin. */
function versionsInDocs(): [string, string | undefined][] {
  const pages = ["README.md", ...globSync("docs/**/*.md", { cwd: ROOT, exclude: (path) => path === "docs/api" })];
  return pages.flatMap((page) =>
    [...text(page).matchAll(/plugin install resource nullspace v?(\d[\w.+-]*)/g)].map(
      ([, has]): [string, string | undefined] => [page, has],
    ),
  );
}

/** Which image of the service a cluster gets. */
function versionsInManifests(): [string, string | undefined][] {
  const files = globSync("deploy/**/*.{yaml,ts}", { cwd: ROOT, exclude: (path) => path.endsWith("node_modules") });
  return files.flatMap((file) =>
    [...text(file).matchAll(/nullspace-local(?::|\n +newTag: )(\d[\w.+-]*)/g)].map(
      ([, has]): [string, string | undefined] => [file, has],
    ),
  );
}

async function pluginInfo(): Promise<string> {
  const child = spawn(process.execPath, PLUGIN, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const [port] = (await once(createInterface(child.stdout), "line", { signal })) as [string];
    const client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    try {
      const info = await new Promise<PluginInfo>((resolve, reject) =>
        client.getPluginInfo(new emptyProto.Empty(), (error, answer) =>
          error === null ? resolve(answer) : reject(error),
        ),
      );
      return info.getVersion();
    } finally {
      client.close();
    }
  } finally {
    child.kill("SIGTERM");
  }
}
