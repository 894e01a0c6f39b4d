import type { GuestEvent } from "../../fleet/guests/machine-driver.ts";
import { GUEST_LABEL } from "./guest-labels.ts";
import { isOrphan, type GuestPod } from "./guest-pod.ts";
import type { GuestPods } from "./guest-pods.ts";
import { isAlive } from "./pod-state.ts";

/**
 * The deaths of guests that lived when `onOpen` was called or came later, each once, until nothing is known of the cluster any more.
 * What is not taken yet waits: at most one event a guest.
 *
 * Of a guest two lists tell, in no common order, and its Sandbox's controller may make one more pod after its end. So a pod whose
 * Sandbox is not there says nothing of a guest that was not seen to live: its Sandbox has gone, which was told, or comes and tells.
 *
 * @throws what {@link GuestPods} is lost with
 */
export async function* watchGuests(
  pods: GuestPods,
  signal: AbortSignal,
  onOpen: () => void,
): AsyncGenerator<GuestEvent> {
  /** Whether each guest that is there lives, by uid. One that has died stays dead, whatever is told of it later. */
  const lives = new Map<string, boolean>();
  /** @returns whether it has died just now */
  const note = (pod: GuestPod, isGone: boolean): boolean => {
    const { uid } = pod.metadata;
    const before = lives.get(uid);
    if (before === undefined && isOrphan(pod)) return false;
    const isLiving = before !== false && !isGone && isAlive(pod);
    if (isGone) lives.delete(uid);
    else lives.set(uid, isLiving);
    return before !== false && !isLiving;
  };
  const waiting: string[] = [];
  let isOpen = false;
  let lost: { readonly error: unknown } | undefined;
  let wake = Promise.withResolvers<void>();
  const open = (): void => {
    if (isOpen) return;
    isOpen = true;
    onOpen();
  };
  using _listening = pods.listen((change) => {
    if (change.kind === "known") open();
    else if (change.kind === "lost") {
      // Not heard of yet: whoever follows waits for the cluster.
      if (isOpen) lost = { error: change.error };
    } else {
      const guestId = change.pod.metadata.labels?.[GUEST_LABEL];
      if (guestId === undefined) return;
      const hasDied = note(change.pod, change.kind === "gone");
      if (hasDied && isOpen) waiting.push(guestId);
    }
    wake.resolve();
  });
  const end = () => wake.resolve();
  signal.addEventListener("abort", end, { once: true });
  try {
    for (const pod of pods.knownGuests()) note(pod, false);
    if (pods.isKnown) open();
    for (;;) {
      signal.throwIfAborted();
      wake = Promise.withResolvers<void>();
      for (let guestId = waiting.shift(); guestId !== undefined; guestId = waiting.shift())
        yield { guestId, kind: "died" };
      if (lost !== undefined) throw lost.error;
      if (waiting.length === 0 && !signal.aborted) await wake.promise;
    }
  } finally {
    signal.removeEventListener("abort", end);
  }
}
