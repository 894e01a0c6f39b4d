/** What the reasons of the contract mean, and what can be done about each. */
const REASONS: Record<string, { inShort: string; means: string; action: string }> = {
  no_eligible_hosts: {
    inShort: "nothing can start",
    means:
      "Nothing can be started: what runs machines is away or refuses machines of this size, the disk of the service is full, or the placement that the pool has chosen is not defined any more.",
    action:
      "Look at what runs machines and the disk on the overview. The pool fills by itself when they are well again; a pool whose machines are too large for the host needs a smaller size, and one whose placement is gone another.",
  },
  artifact_not_ready: {
    inShort: "the image is not there",
    means: "The image of a build is not where its machines start: it is gone, or a node cannot pull it.",
    action:
      "Where a node cannot pull it, see to the node, the registry and the credentials for it: it is tried again, and the pool keeps what it has. Where it is gone, build the template again, and point the tag that the pool follows at the new build.",
  },
  artifact_prewarm_failed: {
    inShort: "machines fail at their start",
    means: "Its machines do not become ready, or die while they wait.",
    action:
      "Read what the last one said, correct the start command or the readiness check of the template, and build it again. Until then starts are tried again, less and less often.",
  },
  quota_exceeded: {
    inShort: "a quota is used up",
    means: "There are as many machines as there may be.",
    action: "End machines that nobody needs, or make another pool smaller.",
  },
  template_build_unavailable: {
    inShort: "its template is gone",
    means: "What it is made from leads to no build that is there: the template or its tag is gone.",
    action: "Point the tag at a build that is ready, or give the pool another template.",
  },
  controller_disabled: {
    inShort: "nothing makes its machines",
    means:
      "What makes machines does not work: on Kubernetes, agent-sandbox is gone from the cluster, or its controller does not run.",
    action: "Read what the last start said, and start the controller. The pool fills by itself when it works again.",
  },
  drain_active: {
    inShort: "it is being drained",
    means: "It is being drained: nothing is filled, and what is ready is removed.",
    action: "Enable it to have it filled again.",
  },
};

/** A reason in a few words. */
export function reasonInShort(reason: string): string {
  return REASONS[reason]?.inShort ?? reason;
}

/** A reason in a sentence, and what to do. */
export function reasonInWords(reason: string): { means: string; action: string } {
  return REASONS[reason] ?? { means: `The service says: ${reason}.`, action: "Look into the log of the service." };
}
