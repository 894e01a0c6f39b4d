import type { NetworkProof } from "../../network-proof.ts";
import type { Finding } from "./findings.ts";

/** Where machines run now. */
export interface NetworkPlace {
  readonly server?: string | undefined;
  readonly namespace?: string | undefined;
  /** The service writes the policies. */
  readonly isManaged: boolean;
}

/** Whether machines are kept apart, as the service has found out. */
export function networkFinding(
  proof: NetworkProof | undefined,
  { server, namespace, isManaged }: NetworkPlace,
): Finding {
  const name = "network";
  const closed = "machines without internet access are not offered";
  if (!isManaged) {
    const message = `not tried: the service writes no NetworkPolicy (--network-policy none), and ${closed}`;
    return { name, status: "ok", message };
  }
  const isOfAnother = proof !== undefined && (proof.server !== server || proof.namespace !== namespace);
  if (proof === undefined || isOfAnother) {
    const message = `not tried yet in this cluster and namespace; until then ${closed}`;
    return { name, status: "warn", message, advice: "Start the service: it tries at its start, and each hour." };
  }
  const { state, reason = "no reason given", at } = proof;
  if (state === "enforced") {
    return {
      name,
      status: "ok",
      message: `proved at ${at}: NetworkPolicies are enforced, and machines are kept apart`,
    };
  }
  if (state === "unenforced") {
    const message = `not enforced, at ${at}: ${reason}. Machines reach one another, and ${closed}`;
    const advice = "Have the cluster's network enforce NetworkPolicies (Calico and Cilium do, for example).";
    return { name, status: "warn", message, advice };
  }
  const message = `not proved, at ${at}: ${reason}; ${closed}`;
  const advice = "See to the reason. The service tries again within ten minutes.";
  return { name, status: "warn", message, advice };
}
