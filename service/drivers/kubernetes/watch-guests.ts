import type { GuestEvent } from "../../fleet/guests/machine-driver.ts";
import { GUEST_LABEL } from "./guest-labels.ts";
import type { GuestPods } from "./guest-pods.ts";
import { isAlive } from "./pod-state.ts";

/**
 * The deaths of guests, each once, until nothing is known of the cluster any more. What is not taken yet waits: at most one
 * event a guest.
 *
 * @throws what {@link GuestPods} is lost with
 */
export async function* watchGuests(
  pods: GuestPods,
  signal: AbortSignal,
  onOpen: () => void,
): AsyncGenerator<GuestEvent> {
  /** Pods that have been told of, by uid: what is told of them later is no news. */
  const dead = new Set<string>();
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
      const { uid, labels } = change.pod.metadata;
      const guestId = labels?.[GUEST_LABEL];
      if (guestId === undefined) return;
      const isNews = (change.kind === "gone" || !isAlive(change.pod)) && !dead.has(uid);
      if (change.kind === "gone") dead.delete(uid);
      else if (isNews) dead.add(uid);
      if (isNews && isOpen) waiting.push(guestId);
    }
    wake.resolve();
  });
  const end = () => wake.resolve();
  signal.addEventListener("abort", end, { once: true });
  try {
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
