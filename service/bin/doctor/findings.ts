import { shellQuote } from "pulumi-nullspace/sdk";
import { RESERVE_BYTES } from "../../store/disk-room.ts";
import type { EngineReport } from "./engine-report.ts";
import type { FolderReport } from "./folder-report.ts";
import { inUnits } from "./in-units.ts";

/** What was found of one thing. */
export interface Finding {
  /** Stable name. */
  name:
    | "folder"
    | "disk"
    | "store"
    | "keys"
    | "engine"
    | "builder"
    | "registry"
    | "cluster"
    | "nodes"
    | "network"
    | "setup"
    | "images"
    | "pools";
  status: "ok" | "warn" | "fail";
  message: string;
  /** What to do; only when not ok. */
  advice?: string;
  /** What to type for it, where a command helps. */
  command?: string;
}

/** Less free disk than this is worth a word. */
const LITTLE_BYTES = 1024 ** 3;

/** Names that are told; more are counted. */
const MOST_NAMED = 5;

/** What was found of what a service uses outside of its data folder. */
export interface Surroundings {
  /** Absent: it has no part in the service. */
  engine?: EngineReport | undefined;
  /** Images of artifacts, wherever they are kept; absent: they could not be looked at. */
  images?: EngineReport["images"] | undefined;
  /** Of everything else. */
  more?: readonly Finding[];
}

/** Says what is wrong with a service, and what to do. */
export function findings(folder: FolderReport, { engine, images, more = [] }: Surroundings): Finding[] {
  return [
    folderFinding(folder),
    diskFinding(folder),
    storeFinding(folder),
    ...keysFinding(folder),
    ...(engine === undefined ? [] : [engineFinding(engine)]),
    ...more,
    imageFinding(folder, images),
    ...poolFinding(folder),
  ];
}

function folderFinding({ path, isThere, isInUse }: FolderReport): Finding {
  const name = "folder";
  if (isThere) {
    return { name, status: "ok", message: `${path}, ${isInUse ? "held by a running service" : "no service runs"}` };
  }
  return {
    name,
    status: "warn",
    message: `there is no ${path}`,
    advice: "Start the service, which makes it, or name another folder with --data.",
    command: `nullspace-local serve --data ${shellQuote(path)}`,
  };
}

function diskFinding({ path, isInUse, freeBytes, reserveBytes }: FolderReport): Finding {
  const message = `${inUnits(freeBytes)} free, ${inUnits(reserveBytes)} held back by the service`;
  const advice = `Make room on the disk of ${path}, or keep less there: nullspace-local serve --max-blobs 1g --max-logs 100m`;
  const command = `df -h ${shellQuote(path)}`;
  const isFull = freeBytes + reserveBytes < RESERVE_BYTES || (isInUse && reserveBytes < RESERVE_BYTES);
  if (isFull) return { name: "disk", status: "fail", message: `full: ${message}`, advice, command };
  if (freeBytes < LITTLE_BYTES) return { name: "disk", status: "warn", message, advice, command };
  return { name: "disk", status: "ok", message };
}

function storeFinding({ path, isInUse, store, storeProblem, storeBytes }: FolderReport): Finding {
  const name = "store";
  if (storeProblem !== undefined) {
    const message = `cannot be read: ${storeProblem}`;
    if (isInUse) {
      const advice = "Stop the service for a moment if its file system lets only one process read the store.";
      return { name, status: "warn", message, advice };
    }
    const advice = "Serve a backup instead, or move the folder away and start afresh.";
    return { name, status: "fail", message, advice, command: `mv ${shellQuote(path)} ${shellQuote(`${path}.broken`)}` };
  }
  if (store === undefined) return { name, status: "ok", message: "none yet" };
  const { builds, openBuilds, templates, pools, machines } = store;
  const counts = `${templates} templates, ${builds} builds (${openBuilds} open), ${pools} pools, ${machines} machines`;
  return { name, status: "ok", message: `${inUnits(storeBytes)}: ${counts}` };
}

function keysFinding({ path, store }: FolderReport): Finding[] {
  if (store === undefined) return [];
  const { keys } = store;
  if (keys > 0) return [{ name: "keys", status: "ok", message: `${keys} valid` }];
  return [
    {
      name: "keys",
      status: "warn",
      message: "none is valid: the only way in is the key that the service was started with, if there is one",
      advice: "Make one. It is shown once.",
      command: `nullspace-local keys create NAME --data ${shellQuote(path)}`,
    },
  ];
}

function engineFinding({ host, version, problem, problemCode, unbounded, containers }: EngineReport): Finding {
  const name = "engine";
  if (version === undefined) {
    const message = `${host} does not answer: ${problem ?? "no reason given"}`;
    return { name, status: "fail", message, ...whatToDo(host, problemCode) };
  }
  const message = `Docker Engine ${version} at ${host}, ${containers} containers of this service`;
  if (unbounded.length === 0) return { name, status: "ok", message };
  return {
    name,
    status: "warn",
    message: `${message}; it does not limit the ${unbounded.join(", ")} of a machine`,
    advice: "A rootless engine needs a host with cgroup v2 and its controllers delegated: docs.docker.com/go/rootless",
  };
}

/** About an engine that does not answer. */
function whatToDo(host: string, code: string | undefined): Pick<Finding, "advice" | "command"> {
  if (code === "EACCES" || code === "EPERM") {
    return {
      advice: "Its socket is for other users: become a member of its group, and log in again.",
      command: 'sudo usermod -aG docker "$USER"',
    };
  }
  const advice = "Start Docker Engine, or name another: nullspace-local doctor --docker-host URL";
  // On this machine, and by the packages of every distribution: a service of systemd.
  return host === "unix:///var/run/docker.sock" ? { advice, command: "sudo systemctl start docker" } : { advice };
}

function imageFinding({ store }: FolderReport, images: EngineReport["images"] | undefined): Finding {
  const name = "images";
  if (images === undefined || store === undefined) return { name, status: "ok", message: "not looked at" };
  const there = new Set(images.map(({ templateId }) => templateId));
  const known = new Set(store.artifacts.map(({ templateId }) => templateId));
  const missing = store.artifacts.filter(({ state, templateId }) => state === "available" && !there.has(templateId));
  const own = images.filter(({ templateId }) => known.has(templateId));
  const bytes = [...new Map(own.map(({ imageId, sizeBytes }) => [imageId, sizeBytes])).values()].reduce(
    (a, b) => a + b,
    0,
  );
  const message = `${own.length} of ${store.artifacts.length} artifacts have their image, ${inUnits(bytes)} with shared layers counted in each`;
  if (missing.length === 0) return { name, status: "ok", message };
  const names = named([...new Set(missing.map(({ template }) => template))]);
  return {
    name,
    status: "warn",
    message,
    advice: `Build what is gone again: ${names}`,
    command: "pulumi up --refresh",
  };
}

function poolFinding({ store }: FolderReport): Finding[] {
  if (store === undefined || store.pools === 0) return [];
  const { degradedPools: degraded } = store;
  if (degraded.length === 0) return [{ name: "pools", status: "ok", message: "all are full or filling" }];
  return [
    {
      name: "pools",
      status: "warn",
      message: `${degraded.length} cannot be filled: ${named(degraded.map(({ name, reason }) => `${name} (${reason})`))}`,
      advice: "See what their members say; the page of a pool says what to do about it.",
      command: "nullspace-local pools",
    },
  ];
}

function named(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return names.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
