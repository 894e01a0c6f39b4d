import type { Readiness } from "pulumi-nullspace/wire";
import { quote } from "../builds/dockerfile/render-dockerfile.ts";
import type { ImageDescription } from "../templates/artifact-store.ts";
import { ociMetadataOf, type ImageSettings } from "./oci-metadata.ts";

/** Docker asks this often, waits this long for an answer, and tries so many times (Dockerfile reference, "HEALTHCHECK"). */
const DOCKER_DEFAULT = { intervalNs: 30e9, timeoutNs: 30e9, retries: 3 };
/** A check that takes longer than this is no start of a machine. */
const MAX_TIMEOUT_SECS = 600;
/** What runs a health check in the shell form unless the image says otherwise. */
const DEFAULT_SHELL = ["/bin/sh", "-c"];

/**
 * What an image says of itself, in words of this service.
 *
 * @param imageId under which builders and drivers know it
 */
export function describeImage(imageId: string, settings: ImageSettings): ImageDescription {
  const { Env, User, WorkingDir, Entrypoint, Cmd } = settings;
  const command = [...asList(Entrypoint), ...asList(Cmd)].map(quote).join(" ");
  const healthCheck = healthCheckOf(settings);
  return {
    imageId,
    metadata: ociMetadataOf(settings),
    // What has no name is no variable.
    envKeys: (Env ?? []).flatMap((entry) => /^([^=]+)=/.exec(entry)?.slice(1, 2) ?? []),
    ...(User ? { user: User } : {}),
    ...(WorkingDir ? { workdir: WorkingDir } : {}),
    ...(command !== "" && { command }),
    ...(healthCheck !== undefined && { healthCheck }),
  };
}

/** The image's health check as a readiness check. @returns `undefined` when it has none that can be one */
function healthCheckOf({ Healthcheck: health, Shell }: ImageSettings): Readiness | undefined {
  const command = commandOf(health?.Test ?? [], Shell?.length ? Shell : DEFAULT_SHELL);
  if (command === undefined || command.includes("\0")) return undefined;
  const { Interval = 0, Timeout = 0, StartPeriod = 0, Retries = 0 } = health ?? {};
  const isTimed = [Interval, Timeout, StartPeriod, Retries].some((value) => value > 0);
  const perTryNs = (Interval || DOCKER_DEFAULT.intervalNs) + (Timeout || DOCKER_DEFAULT.timeoutNs);
  const giveUpNs = StartPeriod + (Retries || DOCKER_DEFAULT.retries) * perTryNs;
  return {
    kind: "command",
    command,
    ...(Interval > 0 && { interval_ms: Math.max(1, Math.round(Interval / 1e6)) }),
    // As long as Docker takes to call it unhealthy.
    ...(isTimed && { timeout_secs: Math.min(MAX_TIMEOUT_SECS, Math.max(1, Math.ceil(giveUpNs / 1e9))) }),
  };
}

function commandOf([form, ...words]: readonly string[], shell: readonly string[]): string | undefined {
  if (form === "CMD" && words.length > 0) return words.map(quote).join(" ");
  const [command = ""] = words;
  if (form !== "CMD-SHELL" || command.trim() === "") return undefined;
  return shell.join(" ") === DEFAULT_SHELL.join(" ") ? command : [...shell, command].map(quote).join(" ");
}

function asList(value: unknown): string[] {
  return Array.isArray(value) ? (value as string[]) : [];
}
