import { readFileSync } from "node:fs";
import { dataPaths, defaultDataDirectory, type DataPaths } from "../data-directory.ts";
import { inspectEngine, type EngineReport } from "./doctor/engine-report.ts";
import { findings, type Finding } from "./doctor/findings.ts";
import { inUnits } from "./doctor/in-units.ts";
import { networkFinding } from "./doctor/network-finding.ts";
import { inspectFolder, type FolderReport } from "./doctor/folder-report.ts";
import type { BuildKitOptions } from "../parts/buildkit-options.ts";
import type { KubernetesOptions } from "../parts/kubernetes-options.ts";
import { readNetworkProof } from "../network-proof.ts";
import { readSetups } from "../setups.ts";
import { readPlaces, type SetupArguments } from "./setup-options.ts";
import { paint, paintState } from "./terminal/paint.ts";
import { harmless, printJson, printLine } from "./terminal/print.ts";

/** Tables and images that the text lists; the JSON has all. */
const MOST_LISTED = 12;

/** `doctor`: what a data folder and its service hold, what uses it, what is wrong and what to do. Exit code 1 when something is. */
export async function doctorCommand(values: SetupArguments & { data?: string; json?: boolean }): Promise<void> {
  const paths = dataPaths(values.data ?? defaultDataDirectory());
  const setups = readSetups(paths).slice(-1);
  const { buildkit, kubernetes, isEngineUsed, missing } = readPlaces(values, setups);
  const folder = inspectFolder(paths.path);
  const instanceId = readInstanceId(paths);
  const [engine, builders, cluster] = await Promise.all([
    isEngineUsed ? inspectEngine(instanceId, values["docker-host"]) : undefined,
    buildkit && lookAtBuilders(buildkit, instanceId),
    kubernetes && lookAtCluster(kubernetes, instanceId, paths),
  ]);
  // Of images that are kept where nobody looked, nothing is known.
  const areOnEngine = buildkit === undefined && !setups.some(({ builder }) => builder === "buildkit");
  const images = areOnEngine ? engine?.version && engine.images : builders?.report.images;
  const more = [
    ...(missing === undefined ? [] : [notLookedAt(missing)]),
    ...(builders?.findings ?? []),
    ...(cluster?.findings ?? []),
  ];
  const checks = findings(folder, { engine, images: images || undefined, more });
  const ok = checks.every(({ status }) => status !== "fail");
  const rest = {
    ...(engine && { engine }),
    ...(builders && { builders: builders.report }),
    ...(cluster && { cluster: cluster.report }),
  };
  if (values.json === true) printJson({ ok, checks, folder, ...rest });
  else printLine(asText(checks, folder, images || []));
  if (!ok) process.exitCode = 1;
}

function notLookedAt(missing: string): Finding {
  return {
    name: "setup",
    status: "warn",
    message: "the service last ran with options that doctor was not given, and what they name is not looked at",
    advice: `Add the options that serve has: ${missing}`,
  };
}

/** Not loaded for a service that has Docker Engine alone. */
async function lookAtBuilders(buildkit: BuildKitOptions, instanceId: string | undefined) {
  const { builderFindings, inspectBuilders } = await import("./doctor/builder-report.ts");
  const report = await inspectBuilders(buildkit, instanceId);
  return { report, findings: builderFindings(report) };
}

/** Not loaded for a service whose machines run on Docker Engine. */
async function lookAtCluster(kubernetes: KubernetesOptions, instanceId: string | undefined, paths: DataPaths) {
  const { clusterFindings, inspectCluster } = await import("./doctor/cluster-report.ts");
  const inspected = await inspectCluster(kubernetes, instanceId);
  const network = readNetworkProof(paths);
  const { server, namespace } = inspected;
  const place = { server, namespace, isManaged: kubernetes.networkPolicy !== "none" };
  const report = { ...inspected, ...(network && { network }) };
  // Without a way to a cluster there is none that anything is known of.
  const networks = server === undefined ? [] : [networkFinding(network, place)];
  return { report, findings: [...clusterFindings(inspected), ...networks] };
}

function readInstanceId({ idPath }: DataPaths): string | undefined {
  try {
    return readFileSync(idPath, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function asText(checks: readonly Finding[], folder: FolderReport, images: EngineReport["images"]): string {
  const { store, blobFiles, logFileBytes } = folder;
  const below = " ".repeat(14);
  const lines = checks.flatMap(({ status, name, message, advice, command }) => [
    `${paintState(status, status.padEnd(5))}${name.padEnd(9)}${harmless(message)}`,
    ...(advice === undefined ? [] : [below + harmless(advice)]),
    ...(command === undefined ? [] : [`${below}${paint("dim", "$")} ${paint("heading", command)}`]),
  ]);
  if (store === undefined) return lines.join("\n");
  const sizes = new Map(images.map(({ templateId, sizeBytes }) => [templateId, sizeBytes]));
  return [
    ...lines,
    "",
    paint("heading", "On the disk:"),
    ...store.tables.slice(0, MOST_LISTED).map(({ name, bytes }) => row(bytes, `table ${name}`)),
    row(store.freeBytes, "free pages of the store"),
    row(logFileBytes, "write-ahead log"),
    row(
      blobFiles.bytes,
      `${blobFiles.count} files of build contexts (${inUnits(store.blobBytes)} with those in the store)`,
    ),
    row(store.logBytes, "logs of builds, in the store"),
    "",
    paint("heading", "Images, newest first, and what uses them:"),
    ...store.artifacts.slice(0, MOST_LISTED).map((artifact) => {
      const size = sizes.get(artifact.templateId);
      return `  ${(size === undefined ? "gone" : inUnits(size)).padStart(10)}  ${artifact.templateId}  ${artifact.template}: ${usersOf(artifact)}`;
    }),
    ...(store.artifacts.length > MOST_LISTED
      ? [`  and ${store.artifacts.length - MOST_LISTED} more; --json has all`]
      : []),
  ].join("\n");
}

function row(bytes: number, what: string): string {
  return `  ${inUnits(bytes).padStart(10)}  ${what}`;
}

function usersOf(artifact: NonNullable<FolderReport["store"]>["artifacts"][number]): string {
  const { tags, machines, pools, children, state } = artifact;
  const users = [
    ...(tags.length > 0 ? [`tags ${tags.join(", ")}`] : []),
    ...(pools.length > 0 ? [`pools ${pools.join(", ")}`] : []),
    ...(machines > 0 ? [`${machines} machines and members of pools`] : []),
    ...(children > 0 ? [`${children} templates built on it`] : []),
  ];
  if (users.length > 0) return users.join("; ");
  return state === "available" ? "nothing, goes after its time" : `nothing, it is ${state} and about to go`;
}
