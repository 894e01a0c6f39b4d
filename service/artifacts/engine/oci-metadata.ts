import type { ImageInspect } from "pulumi-nullspace/docker";
import type { OciMetadata } from "pulumi-nullspace/wire";
import { INSTANCE_LABEL, TEMPLATE_LABEL } from "../../labels.ts";

/** A health check as the engine tells it; durations are nanoseconds, 0 = Docker's own. */
export interface Healthcheck {
  Test?: string[] | null;
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  Retries?: number;
}

/** What an image says of itself, but for our own labels. */
export function ociMetadataOf(image: ImageInspect): OciMetadata {
  const config = image.Config ?? {};
  const labels = Object.fromEntries(
    Object.entries(config.Labels ?? {}).filter(([name]) => name !== INSTANCE_LABEL && name !== TEMPLATE_LABEL),
  );
  const volumes = Object.keys((config.Volumes as Record<string, unknown> | null | undefined) ?? {}).sort();
  const ports = Object.keys(config.ExposedPorts ?? {}).sort();
  const health = config.Healthcheck as Healthcheck | null | undefined;
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
