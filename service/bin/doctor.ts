import { defaultDataDirectory } from "../data-directory.ts";
import { inspectEngine, type EngineReport } from "./doctor/engine-report.ts";
import { readBuilder, type BuilderArguments } from "./builder-options.ts";
import { findings, type Finding } from "./doctor/findings.ts";
import { inUnits } from "./doctor/in-units.ts";
import { inspectFolder, type FolderReport } from "./doctor/folder-report.ts";
import type { BuildKitOptions } from "../parts/buildkit-options.ts";
import { paint, paintState } from "./terminal/paint.ts";
import { harmless, printJson, printLine } from "./terminal/print.ts";

/** Tables and images that the text lists; the JSON has all. */
const MOST_LISTED = 12;

/** `doctor`: what a data folder and its service hold, what uses it, what is wrong and what to do. Exit code 1 when something is. */
export async function doctorCommand(
  values: BuilderArguments & { data?: string; "docker-host"?: string; json?: boolean },
): Promise<void> {
  const { buildkit } = readBuilder(values);
  const folder = inspectFolder(values.data ?? defaultDataDirectory());
  const engine = await inspectEngine(folder.path, values["docker-host"]);
  const report = buildkit && (await lookAtBuilders(buildkit));
  const images = report?.builders.images ?? engine.images;
  const checks = findings(folder, engine, report?.builders.images, report?.findings);
  const ok = checks.every(({ status }) => status !== "fail");
  if (values.json === true) printJson({ ok, checks, folder, engine, ...(report && { builders: report.builders }) });
  else printLine(asText(checks, folder, images));
  if (!ok) process.exitCode = 1;
}

/** Not loaded for a service that has Docker Engine alone. */
async function lookAtBuilders(buildkit: BuildKitOptions) {
  const { builderFindings, inspectBuilders } = await import("./doctor/builder-report.ts");
  const builders = await inspectBuilders(buildkit);
  return { builders, findings: builderFindings(builders) };
}

function asText(checks: readonly Finding[], folder: FolderReport, images: EngineReport["images"]): string {
  const { store, blobFiles, logFileBytes } = folder;
  const below = " ".repeat(13);
  const lines = checks.flatMap(({ status, name, message, advice, command }) => [
    `${paintState(status, status.padEnd(5))}${name.padEnd(8)}${harmless(message)}`,
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
