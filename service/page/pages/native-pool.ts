import { html, type Html } from "../html.ts";
import type { NativeDetails, NativeGeneration } from "../views/native-pool.ts";
import { buildLink, count, fact, table } from "./parts.ts";
import { reasonInWords } from "./pool-reasons.ts";

/** What a pool keeps for programs that claim by the cluster's own means, and why it has not what it should. */
export function nativePool(view: NativeDetails): Html {
  const { problem, claimFrom, place, generations } = view;
  return html`<section aria-labelledby="native-head">
    <h2 class="beside" id="native-head">For other programs</h2>
    ${problem !== undefined && problemBox(problem)}
    <dl class="facts">
      ${fact("Ready", html`${readyOf(view.ready)} <span class="quiet">of ${count(view.wanted)}</span>`)}
      ${fact("To claim from", claimFrom === undefined ? "nothing now" : html`<code>${claimFrom}</code>`)}
      ${fact("Namespace", html`<code>${place}</code>`)}
    </dl>
    ${generations.length > 0 && generationTable(generations)}
  </section>`;
}

/** What is wrong with the way to the cluster, of which the contract has no word. */
const REASONS: Record<string, { means: string; action: string }> = {
  unavailable: {
    means: "The cluster does not answer, or is too busy. What is there stays as it is.",
    action: "See that its API server is up and reached from here. What was decided is done when it answers.",
  },
  forbidden: {
    means: "The account of the service may not do what it takes.",
    action: "Give it the permissions that the documentation lists; the service goes on by itself.",
  },
};

function problemBox({ reason, degradedReason, message, action }: NonNullable<NativeDetails["problem"]>): Html {
  const words = REASONS[reason] ?? reasonInWords(degradedReason);
  return html`<section class="failure" aria-labelledby="native-why">
    <h3 id="native-why">Why it has not what it should</h3>
    <p>${words.means}</p>
    <p class="said">${message}</p>
    <h3>What to do</h3>
    <p>${action ?? words.action}</p>
    <p class="quiet">${reason}</p>
  </section>`;
}

const STATES: Record<NativeGeneration["state"], { label: string; kind: string }> = {
  current: { label: "claimed from", kind: "ready" },
  coming: { label: "filling", kind: "building" },
  leaving: { label: "going", kind: "" },
  held: { label: "kept", kind: "" },
};

function generationTable(generations: readonly NativeGeneration[]): Html {
  const rows = generations.map(({ generation, objectName, state, replicas, ready, buildId }) => {
    const { label, kind } = STATES[state];
    return html`<tr>
      <th scope="row"><code>${objectName}</code></th>
      <td class="number wide">${count(generation)}</td>
      <td><span class="state ${kind}">${label}</span></td>
      <td class="number">${readyOf(ready)}<span class="quiet"> of ${count(replicas)}</span></td>
      <td class="wide">${buildId === undefined ? html`<span class="quiet">gone</span>` : buildLink(buildId)}</td>
    </tr>`;
  });
  return table(
    "Generations that are kept for other programs, the newest first",
    [
      { label: "SandboxWarmPool" },
      { label: "Generation", class: "number wide" },
      { label: "State" },
      { label: "Ready", class: "number" },
      { label: "Build", class: "wide" },
    ],
    rows,
  );
}

function readyOf(ready: number | undefined): Html | string {
  return ready === undefined ? html`<span class="quiet">not known</span>` : count(ready);
}
