import type { OciMetadata } from "pulumi-nullspace/wire";
import { INSTANCE_LABEL, TEMPLATE_LABEL } from "../labels.ts";

/** A health check as the engine tells it; durations are nanoseconds, 0 = Docker's own. */
export interface Healthcheck {
  Test?: string[] | null | undefined;
  Interval?: number | undefined;
  Timeout?: number | undefined;
  StartPeriod?: number | undefined;
  Retries?: number | undefined;
}

/**
 * The part of an image's configuration that is about its containers (OCI Image Specification 1.1, "config", with what Docker adds),
 * as an engine and a registry spell it alike.
 */
export interface ImageSettings {
  User?: string | undefined;
  Env?: readonly string[] | null | undefined;
  Entrypoint?: unknown;
  Cmd?: unknown;
  WorkingDir?: string | undefined;
  Labels?: Record<string, string> | null | undefined;
  Volumes?: Record<string, unknown> | null | undefined;
  ExposedPorts?: Record<string, unknown> | null | undefined;
  Healthcheck?: Healthcheck | null | undefined;
  Shell?: readonly string[] | null | undefined;
  OnBuild?: readonly string[] | null | undefined;
}

/** What an image says of itself, but for our own labels. */
export function ociMetadataOf(config: ImageSettings): OciMetadata {
  const labels = Object.fromEntries(
    Object.entries(config.Labels ?? {}).filter(([name]) => name !== INSTANCE_LABEL && name !== TEMPLATE_LABEL),
  );
  const volumes = Object.keys(config.Volumes ?? {}).sort();
  const ports = Object.keys(config.ExposedPorts ?? {}).sort();
  const health = config.Healthcheck;
  return {
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(ports.length > 0 && { exposed_ports: ports }),
    ...(volumes.length > 0 && { volumes }),
    ...(health != null && {
      healthcheck: {
        ...(health.Test != null && { test: health.Test }),
        ...(health.Interval !== undefined && { interval_ns: health.Interval }),
        ...(health.Timeout !== undefined && { timeout_ns: health.Timeout }),
        ...(health.StartPeriod !== undefined && { start_period_ns: health.StartPeriod }),
        ...(health.Retries !== undefined && { retries: health.Retries }),
      },
    }),
  };
}
