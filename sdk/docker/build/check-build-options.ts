import { resolve } from "node:path";
import { object } from "../../arguments/index.ts";
import { check } from "../argument-rules.ts";
import type { BuildCacheSource, BuildCacheTarget, BuildKitDaemon } from "../buildkit/buildkit-options.ts";
import { parseByteSize } from "../byte-size.ts";
import { DockerOptionError, ImageRefError } from "../errors.ts";
import { explainIssue } from "../explain-issue.ts";
import { parseImageRef } from "../image-ref.ts";
import { BuildOptions } from "./build-options.ts";
import type { z } from "zod";

/** Options checked and completed, docker-py's spellings folded in. */
export type CheckedBuildOptions = Omit<
  z.output<typeof BuildOptions>,
  | "tag"
  | "tags"
  | "buildargs"
  | "nocache"
  | "shmsize"
  | "timeout"
  | "cacheFrom"
  | "cacheTo"
  | "platform"
  | "extraHosts"
  | "useConfigProxy"
  | "builder"
> & {
  tags: string[];
  cacheFrom: BuildCacheSource[];
  cacheTo: BuildCacheTarget[];
  /** Absent for the builder's own. */
  platform?: string;
  extraHosts: string[];
  useConfigProxy: boolean;
  builder: "auto" | "buildkit" | "classic" | BuildKitDaemon;
};

const SPELLINGS = [
  ["tag", "tags"],
  ["buildargs", "buildArgs"],
  ["nocache", "noCache"],
  ["shmsize", "shmSize"],
  ["timeout", "timeoutMs"],
] as const;

/**
 * Checks options before anything is sent.
 *
 * @throws DockerOptionError naming the option, ImageRefError for a bad name
 */
export function checkBuildOptions(options: BuildOptions): CheckedBuildOptions {
  check("build", { options: object }, { options });
  // Compiling the schema first takes longer than the few times that it is used.
  const parsed = BuildOptions.safeParse(options, { jitless: true });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const { name, reason } = explainIssue(issue!, options, Object.keys(BuildOptions.shape));
    throw new DockerOptionError(name, `Build option ${name}: ${reason}${reason.endsWith("?") ? "" : "."}`);
  }
  const { tag, buildargs, nocache, shmsize, timeout, ...rest } = parsed.data;
  for (const [theirs, ours] of SPELLINGS) {
    if (parsed.data[theirs] !== undefined && parsed.data[ours] !== undefined) {
      throw new DockerOptionError(theirs, `Build options ${theirs} and ${ours} are one option. Give one of them.`);
    }
  }
  const given = {
    ...rest,
    ...optional("buildArgs", rest.buildArgs ?? buildargs),
    ...optional("noCache", rest.noCache ?? nocache),
    ...optional("shmSize", rest.shmSize ?? shmsize),
    ...optional("timeoutMs", rest.timeoutMs ?? (timeout === undefined ? undefined : timeout * 1000)),
    tags: toList(rest.tags ?? tag),
    cacheFrom: rest.cacheFrom === undefined ? [] : [rest.cacheFrom].flat(),
    cacheTo: rest.cacheTo === undefined ? [] : [rest.cacheTo].flat(),
    platform: toList(rest.platform).join(",") || undefined,
    extraHosts: Array.isArray(rest.extraHosts)
      ? rest.extraHosts
      : Object.entries(rest.extraHosts ?? {}).map(([name, address]) => `${name}:${address}`),
    useConfigProxy: rest.useConfigProxy ?? true,
    builder: rest.builder ?? "auto",
  };
  checkSource(given);
  checkValues(given);
  return given;
}

function checkSource(options: CheckedBuildOptions): void {
  const given = (["path", "context", "fileobj"] as const).filter((name) => options[name] !== undefined);
  if (given.length === 0) {
    throw new DockerOptionError("path", "A build needs something to build: give path, context or fileobj.");
  }
  if (given.length > 1) {
    throw new DockerOptionError(
      given[1]!,
      `Build options ${given.join(" and ")} exclude one another. Give one of them.`,
    );
  }
  if (options.customContext && options.fileobj === undefined) {
    throw new DockerOptionError("customContext", "Build option customContext needs fileobj, the archive.");
  }
  if (options.customContext && typeof options.fileobj === "string") {
    throw new DockerOptionError("fileobj", "With customContext, fileobj must be a stream or bytes, not text.");
  }
  if (options.encoding !== undefined) {
    if (options.gzip) {
      throw new DockerOptionError(
        "encoding",
        "Build option encoding says how the archive is compressed, so gzip cannot be given too.",
      );
    }
    if (options.path !== undefined || (options.fileobj !== undefined && !options.customContext)) {
      throw new DockerOptionError(
        "encoding",
        "Build option encoding is for an archive of your own (context, or customContext with fileobj).",
      );
    }
  }
  if (options.dockerfile !== undefined && options.dockerfileContent !== undefined) {
    throw new DockerOptionError(
      "dockerfileContent",
      "Build options dockerfile and dockerfileContent exclude one another.",
    );
  }
  if (options.dockerfileContent !== undefined && options.path === undefined) {
    throw new DockerOptionError(
      "dockerfileContent",
      "Build option dockerfileContent needs path, the folder that it builds.",
    );
  }
}

function checkValues(options: CheckedBuildOptions): void {
  for (const tag of options.tags) {
    if (parseImageRef(tag).digest !== null) throw new ImageRefError(tag, "a name to give cannot have a digest");
  }
  if (options.shmSize !== undefined) parseByteSize("shmSize", options.shmSize);
  for (const name of ["memory", "memswap"] as const) {
    const size = options.containerLimits?.[name];
    if (size !== undefined && size !== -1) parseByteSize(`containerLimits.${name}`, size);
  }
  for (const host of options.extraHosts) {
    if (!/^[^:\s]+:\S+$/.test(host)) {
      throw new DockerOptionError("extraHosts", `Extra host ${JSON.stringify(host)} is not of the form name:address.`);
    }
  }
  for (const { type, dest } of options.outputs ?? []) {
    const comesHere = type !== "image" && type !== "cacheonly";
    if (comesHere !== (dest !== undefined)) {
      throw new DockerOptionError(
        "outputs",
        `The output ${type} ${comesHere ? `needs dest, the ${type === "local" ? "folder" : "file"} to write` : "writes no file (dest)"}.`,
      );
    }
  }
  checkCaches(options);
  const [first] = options.outputs ?? [];
  if (isForSeveral(options) && (first === undefined || first.type === "docker" || first.type === "tar")) {
    throw new DockerOptionError(
      "platform",
      `An image for several platforms (${options.platform}) is no image of an engine. Say in outputs where it goes: image ` +
        `with push: "true", oci or local.`,
    );
  }
  const { provenance, sbom } = options.attest ?? {};
  if ((provenance || sbom) && !["image", "oci"].includes(first?.type ?? "")) {
    throw new DockerOptionError(
      "attest",
      "Attestations need an output of the type image or oci, which has room for them.",
    );
  }
  const secretIds = new Set<string>();
  for (const { id } of options.secrets ?? []) {
    if (secretIds.has(id)) throw new DockerOptionError("secrets", `There are two secrets with the id ${id}.`);
    secretIds.add(id);
  }
}

/** What of a cache's target has a member of its own, or is not done. */
const OWN_ATTRS = ["dest", "ref", "mode", "tag", "reset"];

function checkCaches({ cacheFrom, cacheTo }: CheckedBuildOptions): void {
  const folders = new Set<string>();
  for (const target of cacheTo) {
    if (target === "inline" || target.type !== "local") continue;
    const own = OWN_ATTRS.find((name) => target.attrs?.[name] !== undefined);
    if (own !== undefined) {
      const advice = own === "reset" ? "To start over, remove the folder" : "Give it beside attrs, not in them";
      throw new DockerOptionError("cacheTo", `A cache of the type local has no attribute ${own}. ${advice}.`);
    }
    const folder = resolve(target.dest);
    if (folders.has(folder))
      throw new DockerOptionError("cacheTo", `Two caches go to the folder ${target.dest}. Give each its own.`);
    folders.add(folder);
  }
  for (const source of cacheFrom) {
    if (
      typeof source === "object" &&
      source.type === "local" &&
      source.tag !== undefined &&
      source.digest !== undefined
    )
      throw new DockerOptionError("cacheFrom", `The cache in ${source.src} has a tag and a digest. Give one of them.`);
  }
}

/** Whether an image is built for more than one platform. */
export function isForSeveral({ platform }: Pick<CheckedBuildOptions, "platform">): boolean {
  return platform?.includes(",") ?? false;
}

function toList(value: string | string[] | undefined): string[] {
  return typeof value === "string" ? [value] : (value ?? []);
}

function optional<K extends string, V>(name: K, value: V | undefined): { [name in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [name in K]?: V };
}
