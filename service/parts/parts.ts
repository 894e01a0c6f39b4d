import type { BuildExecutor } from "../builds/build-executor.ts";
import type { MachineDriver } from "../fleet/guests/machine-driver.ts";
import type { NativePools } from "../fleet/guests/native-pools.ts";
import type { Place } from "../health/place.ts";
import type { ArtifactStore } from "../templates/artifact-store.ts";

/** What the builders keep of earlier builds, whoever they built for. */
export interface BuildCacheDisk {
  /** @returns `undefined` where the builders do not tell */
  usage(signal: AbortSignal): Promise<{ bytes: number; spareBytes: number } | undefined>;
  /** Takes away what was used longest ago, until `keepBytes` are left; all of it counts, also what images could still use. */
  prune(keepBytes: number, signal: AbortSignal): Promise<unknown>;
}

interface OutsideParts {
  /** What they need outside of this process. */
  readonly places: readonly Place[];
}

/** What makes images, and what keeps them: a pair, for the one has to find what the other made. */
export interface ImageParts extends OutsideParts {
  readonly executor: BuildExecutor;
  readonly artifacts: ArtifactStore;
  readonly buildCache: BuildCacheDisk;
}

/** What runs machines. */
export interface MachineParts extends OutsideParts {
  readonly driver: MachineDriver;
  /** Pools for other programs, where the host has such. */
  readonly nativePools?: NativePools | undefined;
  /** What whoever runs the service should know of how they were opened; for the log. @default none */
  readonly notices?: readonly string[];
}

/** All that a service has besides its own process and its data folder. */
export interface Parts extends ImageParts, MachineParts {
  /** Image of the builtin template. */
  readonly baseImage: string;
  /** Ends every connection, at once: what waits for an answer fails. Safe to call twice. */
  close(): Promise<void>;
}
