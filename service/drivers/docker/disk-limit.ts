import type { DockerEngine } from "pulumi-nullspace/docker";
import { MachineRefusedError } from "../../fleet/guests/driver-errors.ts";

/**
 * Whether an engine bounds what a container writes into its root file system. Storage drivers that might are tried; the
 * others are not: overlay2 does it on XFS alone, and there only with project quotas (`pquota`), of which the engine says
 * nothing until it is asked for a bound (Docker's `--storage-opt size`).
 */
export class DiskLimit {
  readonly #engine: DockerEngine;
  #mayWork: boolean | undefined;
  #isHeld: boolean | undefined;

  constructor(engine: DockerEngine) {
    this.#engine = engine;
  }

  /** Whether bounds are held; `undefined` until a machine was started with one. */
  get isHeld(): boolean | undefined {
    return this.#isHeld;
  }

  /** Starts a machine with the bound if the engine has one, else without. @param start may be called twice */
  async apply(
    diskMb: number | undefined,
    start: (diskMb: number | undefined) => Promise<unknown>,
    signal?: AbortSignal,
  ): Promise<void> {
    if (diskMb === undefined || !(await this.#try(signal))) return void (await start(undefined));
    try {
      await start(diskMb);
      this.#isHeld = true;
    } catch (error) {
      if (!(error instanceof MachineRefusedError)) throw error;
      // Either it cannot be bounded, or it cannot be started at all; then this tells the same again.
      await start(undefined);
      this.#giveUp();
    }
  }

  async #try(signal?: AbortSignal): Promise<boolean> {
    if (this.#mayWork !== undefined) return this.#mayWork;
    const { Driver, DriverStatus } = await this.#engine.info({ signal });
    const fileSystem = DriverStatus?.find(([name]) => name === "Backing Filesystem")?.[1];
    if (Driver === "btrfs" || Driver === "zfs" || (Driver === "overlay2" && fileSystem === "xfs")) {
      return (this.#mayWork = true);
    }
    this.#giveUp();
    return false;
  }

  #giveUp(): void {
    this.#mayWork = false;
    this.#isHeld = false;
  }
}
