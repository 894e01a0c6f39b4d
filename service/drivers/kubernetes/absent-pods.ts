import { Backoff, pauseUnless } from "pulumi-nullspace/concurrency";
import type { GuestPod } from "./guest-pod.ts";
import type { Pod } from "./objects.ts";

const RETRY_MS = { first: 250, most: 15_000 };

/** Who asks for a pod, and who is told of the answer. */
export interface AbsentPodsOptions {
  /** Asks the server for the pod of this name. */
  readonly ask: (name: string, signal: AbortSignal) => Promise<Pod | undefined>;
  /** It is known whether the pod of this name that was looked for is there; {@link AbsentPods.isLost} says so meanwhile. */
  readonly onAnswer: (name: string) => void;
}

/**
 * Finds out whether the pod with which a guest has begun has gone, or has not been told of yet: the Sandbox that names it may be told
 * before it. The server knows: it had the pod before the Sandbox named it.
 */
export class AbsentPods {
  readonly #options: AbsentPodsOptions;
  /** Pods that are being asked for, by uid. */
  readonly #asked = new Set<string>();
  /** Pods that are there, and have not been told of: by uid, and when they were listed last before the answer. */
  readonly #present = new Map<string, number>();
  #lost: string | undefined;

  constructor(options: AbsentPodsOptions) {
    this.#options = options;
  }

  /** Whether some are being asked for. */
  get areAsked(): boolean {
    return this.#asked.size > 0;
  }

  /** Whether of no guest it is open if it has its pod. */
  get areNone(): boolean {
    return this.#asked.size + this.#present.size === 0;
  }

  /**
   * Whether a guest without the pod that it has begun with has lost it.
   *
   * @param before the guest as it was told last
   */
  isLost({ absentUid }: GuestPod, before: GuestPod | undefined): boolean {
    return before?.podUid === absentUid || before?.absentUid === absentUid || this.#lost === absentUid;
  }

  /** A pod was told of. */
  note(podUid: string): void {
    this.#present.delete(podUid);
  }

  /**
   * Asks until the server answers or the signal ends it.
   *
   * @param listedAtMs when the pods were listed last: one that was there since need not be asked for, as it will be told of
   */
  askFor({ metadata: { name }, absentUid }: GuestPod, listedAtMs: number, signal: AbortSignal): void {
    if (absentUid === undefined || this.#asked.has(absentUid) || this.#present.get(absentUid) === listedAtMs) return;
    this.#asked.add(absentUid);
    void (async () => {
      const uid = await this.#uidOf(name, signal);
      if (signal.aborted) return;
      this.#asked.delete(absentUid);
      if (uid === absentUid) this.#present.set(absentUid, listedAtMs);
      else {
        this.#present.delete(absentUid);
        this.#lost = absentUid;
      }
      this.#options.onAnswer(name);
      this.#lost = undefined;
    })();
  }

  /** Knows nothing any more; the signals of what is asked for have ended it. */
  forget(): void {
    this.#asked.clear();
    this.#present.clear();
  }

  async #uidOf(name: string, signal: AbortSignal): Promise<string | undefined> {
    const backoff = new Backoff(RETRY_MS);
    while (!signal.aborted) {
      try {
        return (await this.#options.ask(name, signal))?.metadata.uid;
      } catch {
        // It is not known before the server answers.
        await pauseUnless(backoff.next(), signal);
      }
    }
    return undefined;
  }
}
