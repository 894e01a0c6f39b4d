import { RESERVE_BYTES } from "../../store/disk-room.ts";
import type { EngineReport } from "./engine-report.ts";
import type { FolderReport } from "./folder-report.ts";

/** What was found of one thing. */
export interface Finding {
  /** Stable name. */
  name: "folder" | "disk" | "store" | "engine" | "images";
  status: "ok" | "warn" | "fail";
  message: string;
  /** What to do, or to type; only when not ok. */
  advice?: string;
}

/** Less free disk than this is worth a word. */
const LITTLE_BYTES = 1024 ** 3;

/** Says what is wrong with a service, and what to do. */
export function findings(folder: FolderReport, engine: EngineReport): Finding[] {
  return [
    folderFinding(folder),
    diskFinding(folder),
    storeFinding(folder),
    engineFinding(engine),
    imageFinding(folder, engine),
  ];
}

function folderFinding({ path, isThere, isInUse }: FolderReport): Finding {
  if (isThere)
    return {
      name: "folder",
      status: "ok",
      message: `${path}, ${isInUse ? "held by a service that runs" : "no service runs"}`,
    };
  const advice = "Start the service, which makes it, or name another with --data: nullspace-local serve --data DIR";
  return { name: "folder", status: "warn", message: `there is no ${path}`, advice };
}

function diskFinding({ path, isInUse, freeBytes, reserveBytes }: FolderReport): Finding {
  const message = `${inUnits(freeBytes)} free, ${inUnits(reserveBytes)} held back by the service`;
  const advice = `Make room on the disk of ${path} (df -h shows it), or keep less: nullspace-local serve --max-blobs 1g --max-logs 100m`;
  const isFull = freeBytes + reserveBytes < RESERVE_BYTES || (isInUse && reserveBytes < RESERVE_BYTES);
  if (isFull) return { name: "disk", status: "fail", message: `full: ${message}`, advice };
  return { name: "disk", message, ...(freeBytes < LITTLE_BYTES ? { status: "warn", advice } : { status: "ok" }) };
}

function storeFinding({ path, isInUse, store, storeProblem, storeBytes }: FolderReport): Finding {
  if (storeProblem !== undefined) {
    const advice = isInUse
      ? "Stop the service for a moment if its file system lets only one process read the store."
      : `Move the folder away and start afresh, or restore it: mv ${path} ${path}.broken`;
    return { name: "store", status: isInUse ? "warn" : "fail", message: `cannot be read: ${storeProblem}`, advice };
  }
  if (store === undefined) return { name: "store", status: "ok", message: "none yet" };
  const { builds, openBuilds, templates, pools, machines } = store;
  const counts = `${templates} templates, ${builds} builds (${openBuilds} open), ${pools} pools, ${machines} machines`;
  return { name: "store", status: "ok", message: `${inUnits(storeBytes)}: ${counts}` };
}

function engineFinding({ host, version, problem, unbounded, containers }: EngineReport): Finding {
  if (version !== undefined) {
    const message = `Docker Engine ${version} at ${host}, ${containers} containers of this service`;
    if (unbounded.length === 0) return { name: "engine", status: "ok", message };
    return {
      name: "engine",
      status: "warn",
      message: `${message}; it does not limit the ${unbounded.join(", ")} of a machine`,
      advice:
        "A rootless engine needs a host with cgroup v2 and its controllers delegated: docs.docker.com/go/rootless",
    };
  }
  const advice = "Start Docker Engine, or name another: nullspace-local doctor --docker-host URL";
  return {
    name: "engine",
    status: "fail",
    message: `${host} does not answer: ${problem ?? "no reason given"}`,
    advice,
  };
}

function imageFinding({ store }: FolderReport, { version, images }: EngineReport): Finding {
  if (version === undefined || store === undefined) return { name: "images", status: "ok", message: "not looked at" };
  const there = new Set(images.map(({ templateId }) => templateId));
  const known = new Set(store.artifacts.map(({ templateId }) => templateId));
  const missing = store.artifacts.filter(({ state, templateId }) => state === "available" && !there.has(templateId));
  const own = images.filter(({ templateId }) => known.has(templateId));
  const bytes = [...new Map(own.map(({ imageId, sizeBytes }) => [imageId, sizeBytes])).values()].reduce(
    (a, b) => a + b,
    0,
  );
  const message = `${own.length} of ${store.artifacts.length} artifacts have their image, ${inUnits(bytes)} with shared layers counted in each`;
  if (missing.length === 0) return { name: "images", status: "ok", message };
  const names = [...new Set(missing.map(({ template }) => template))].slice(0, 5).join(", ");
  return { name: "images", status: "warn", message, advice: `Build what is gone again: ${names}` };
}

/** Bytes as a person reads them. */
export function inUnits(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
