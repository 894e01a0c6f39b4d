import { closeSync, fdatasync, openSync } from "node:fs";

/**
 * Gets a file that somebody else writes onto the disk. Callers that come while a sync runs share the next one, so that
 * many answers cost one wait for the disk, and nobody's event loop waits with them.
 */
export class GroupSync {
  readonly #path: string;
  #fd: number | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #isClosed = false;

  /** @param path of the file, which exists by the first {@link GroupSync.sync} */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Waits until all that was written before the call is on the disk.
   *
   * @throws the error of the disk, to all who wait. What was written is then in doubt, and so it stays: a disk may say
   *   once that it lost something, and that all is well the next time
   */
  sync(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    // The one that runs may have begun before the last write.
    return (this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#start();
    }));
  }

  /** Lets the file go, after what still waits. */
  close(): void {
    this.#isClosed = true;
    if (this.#running === undefined) this.#release();
  }

  #start(): Promise<void> {
    const running = this.#syncNow().then(() => {
      this.#running = undefined;
      if (this.#isClosed && this.#next === undefined) this.#release();
    });
    this.#running = running;
    return running;
  }

  #syncNow(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fd ??= openSync(this.#path, "r+");
      fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  #release(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
