import { GUEST_LABEL, podName } from "../../../../service/drivers/kubernetes/guest-labels.ts";
import { POD_ANNOTATION } from "../../../../service/drivers/kubernetes/sandbox-api.ts";
import { INSTANCE_LABEL } from "../../../../service/labels.ts";
import type { Change, ListKind } from "./told-cluster.ts";

/** What happens to a guest, in its order. */
export interface GuestLife {
  readonly changes: (guestId: string) => readonly Change[];
  /**
   * Number of the change with which it dies; absent for one that lives on. Two numbers: it is dead with the first, may pass for one
   * that begins after it, and is dead for good with the second.
   */
  readonly dies?: readonly [number, number];
}

const LEAVING = { deletionTimestamp: "2026-01-01T00:00:00Z" };
const RUNNING = { phase: "Running", containerStatuses: [{ name: "guest", state: { running: {} } }] };

/** The objects that a guest is made of. */
class GuestObjects {
  readonly #metadata: { name: string; labels: Record<string, string> };
  readonly #sandboxUid: string;

  constructor(guestId: string) {
    const labels = { [INSTANCE_LABEL]: "i", [GUEST_LABEL]: guestId };
    this.#metadata = { name: podName(guestId), labels };
    this.#sandboxUid = `${guestId}-sandbox`;
  }

  /** @param begunWith which of its pods the guest is */
  sandbox(type: Change["type"], begunWith?: number): Change {
    const annotations = begunWith === undefined ? {} : { [POD_ANNOTATION]: `${this.#metadata.name}-${begunWith}` };
    const metadata = { ...this.#metadata, uid: this.#sandboxUid, annotations };
    return { list: "sandboxes", type, object: { metadata, spec: { operatingMode: "Running" } } as Change["object"] };
  }

  /** @param which the first pod of the Sandbox, or one that is made in its place */
  pod(type: Change["type"], which: number, more: object = {}, status: object = { phase: "Pending" }): Change {
    const owner = { apiVersion: "agents.x-k8s.io/v1beta1", kind: "Sandbox", uid: this.#sandboxUid, controller: true };
    return this.#pod(type, which, { ownerReferences: [owner], ...more }, status);
  }

  /** A pod that no Sandbox has made. */
  barePod(type: Change["type"], more: object = {}, status: object = { phase: "Pending" }): Change {
    return this.#pod(type, 1, more, status);
  }

  #pod(type: Change["type"], which: number, more: object, status: object): Change {
    const metadata = { ...this.#metadata, uid: `${this.#metadata.name}-${which}`, ...more };
    return { list: "pods", type, object: { metadata, spec: { nodeName: "n" }, status } as Change["object"] };
  }
}

const begin = (of: GuestObjects): Change[] => [
  of.sandbox("ADDED"),
  of.pod("ADDED", 1),
  of.pod("MODIFIED", 1, {}, RUNNING),
  of.sandbox("MODIFIED", 1),
];
const leave = (of: GuestObjects, which: number): Change[] => [
  of.pod("MODIFIED", which, LEAVING, RUNNING),
  of.pod("DELETED", which, LEAVING, RUNNING),
];
const bareBegin = (of: GuestObjects): Change[] => [of.barePod("ADDED"), of.barePod("MODIFIED", {}, RUNNING)];
const FAILED = { phase: "Failed" };

/** Lives of guests as a cluster was seen to end them. */
export const LIVES: Readonly<Record<string, GuestLife>> = {
  "lives on": { changes: (id) => begin(new GuestObjects(id)) },
  "is removed": life((of) => [of.sandbox("DELETED", 1), ...leave(of, 1)]),
  "is removed, and its controller, which has not heard yet, makes one more pod": life((of) => [
    of.sandbox("DELETED", 1),
    ...leave(of, 1),
    of.pod("ADDED", 2),
    ...leave(of, 2),
  ]),
  "loses its pod, which is made again, and is removed": life((of) => [
    ...leave(of, 1),
    of.pod("ADDED", 2),
    of.pod("MODIFIED", 2, {}, RUNNING),
    of.sandbox("DELETED", 1),
    ...leave(of, 2),
  ]),
  "loses its pod, and is removed before it is made again": life((of) => [
    ...leave(of, 1),
    of.sandbox("DELETED", 1),
    of.pod("ADDED", 2),
    ...leave(of, 2),
  ]),
  "loses its pod": life((of) => [...leave(of, 1), of.pod("ADDED", 2), of.pod("MODIFIED", 2, {}, RUNNING)]),
  "loses its pod while it begins, and is removed": {
    dies: [2, 5],
    changes: (id) => {
      const of = new GuestObjects(id);
      return [of.sandbox("ADDED"), of.pod("ADDED", 1), ...leave(of, 1), of.pod("ADDED", 2), of.sandbox("DELETED")];
    },
  },
  "ends, and is removed": life((of) => [of.pod("MODIFIED", 1, {}, FAILED), of.sandbox("DELETED", 1), ...leave(of, 1)]),
  ends: life((of) => [of.pod("MODIFIED", 1, {}, FAILED)]),
  "lives on as a bare pod": { changes: (id) => bareBegin(new GuestObjects(id)) },
  "ends as a bare pod, and is removed": {
    dies: [2, 2],
    changes: (id) => {
      const of = new GuestObjects(id);
      return [
        ...bareBegin(of),
        of.barePod("MODIFIED", {}, FAILED),
        of.barePod("MODIFIED", LEAVING, FAILED),
        of.barePod("DELETED", LEAVING, FAILED),
      ];
    },
  },
};

/** The shortest life of a guest whose death the watch of one list tells alone. */
export function shortLife(guestId: string, list: ListKind): readonly Change[] {
  const of = new GuestObjects(guestId);
  if (list === "sandboxes") return [of.sandbox("ADDED"), of.sandbox("DELETED")];
  return [of.barePod("ADDED"), of.barePod("DELETED")];
}

/** One that has begun as a Sandbox, and ends so. */
function life(end: (of: GuestObjects) => readonly Change[]): GuestLife {
  const changes = (guestId: string): readonly Change[] => {
    const of = new GuestObjects(guestId);
    return [...begin(of), ...end(of)];
  };
  return { dies: [4, 4], changes };
}
