import { html, type Html } from "../html.ts";
import type { Page } from "../layout.ts";
import type { MachineLine, MachineList, ShownMachineState } from "../views/machines.ts";
import { ago, amountOf, count, empty, machineLink, nextPage, stateLinks, table } from "./parts.ts";

const STATES: Record<ShownMachineState, { label: string; kind: string }> = {
  creating: { label: "starting", kind: "building" },
  running: { label: "running", kind: "ready" },
  paused: { label: "paused", kind: "warn" },
  destroyed: { label: "ended", kind: "" },
  error: { label: "failed", kind: "error" },
};
const ALL = Object.keys(STATES) as ShownMachineState[];

/** What a machine is, in a word. */
export function machineState(state: ShownMachineState): Html {
  const { label, kind } = STATES[state];
  return html`<span class="state ${kind}">${label}</span>`;
}

export function machinesPage(view: MachineList): Page {
  const { items, template, state, counts, next } = view;
  const live = (["creating", "running", "paused"] as const).reduce((sum, each) => sum + (counts.get(each) ?? 0), 0);
  const path = `/ui/machines?template=${encodeURIComponent(template)}`;
  return {
    title: "Machines",
    section: "machines",
    aside: html`<span class="quiet">${amountOf(live, "machine")} not over</span>`,
    isLive: true,
    body: html`<form class="row" method="get" action="/ui/machines" role="search">
        <div class="grow">
          <label for="template" class="unseen">Template</label
          ><input
            type="search"
            id="template"
            name="template"
            value="${template}"
            placeholder="Template, such as web or web:prod"
            autocomplete="off"
            spellcheck="false"
          />
        </div>
        <input type="hidden" name="state" value="${state}" />
        <button class="plain" type="submit">Search</button
        >${template !== "" && html`<a class="button plain" href="/ui/machines?state=${state}">Show all</a>`}
      </form>
      <section id="list" aria-label="Machines" data-live>
        ${stateLinks(
          "Machines by state",
          path,
          [
            { value: "", label: "not over" },
            ...ALL.map((each) => ({ value: each, label: STATES[each].label, count: counts.get(each) ?? 0 })),
          ],
          state,
        )}
        ${items.length === 0 ? nothing(view) : list(items)}${nextPage(`${path}&state=${encodeURIComponent(state)}`, next, "Older machines")}
      </section>`,
  };
}

function nothing({ template, state }: MachineList): Html {
  if (template !== "")
    return empty(
      `No such machine was made from “${template}”.`,
      "A bare name means all builds of a template; a reference with a tag, machines that were requested by it.",
    );
  if (state !== "") return empty("No machine is in this state.", "Those that ended are kept for a day.");
  return empty("There is no live machine.", html`The SDK’s <code>Machine.create</code> makes one.`);
}

function list(items: readonly MachineLine[]): Html {
  const rows = items.map(
    ({ machineId, state, template, createdAt, endedAt, isOfPool, vcpus, memoryMb }) =>
      html`<tr>
        <th scope="row">${machineLink(machineId)}<br /><span class="quiet">${template}</span></th>
        <td>${machineState(state)}</td>
        <td>
          ${ago(createdAt)}${endedAt !== undefined && html`<br /><span class="quiet">ended ${ago(endedAt)}</span>`}
        </td>
        <td class="wide">${isOfPool ? "from a pool" : html`<span class="quiet">made for its caller</span>`}</td>
        <td class="wide line-one">${vcpus} vCPU · ${count(memoryMb)} MiB</td>
      </tr>`,
  );
  return table(
    "Machines, the newest first",
    [
      { label: "Machine and template" },
      { label: "State" },
      { label: "Asked for" },
      { label: "Where from", class: "wide" },
      { label: "Size", class: "wide" },
    ],
    rows,
  );
}
