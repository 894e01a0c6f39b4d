import { attr, html, type Html } from "../html.ts";
import type { Page } from "../layout.ts";
import type { MachineDetails, PlannedMachineChange } from "../views/machine.ts";
import type { MachineNow } from "../views/machine-now.ts";
import { confirmPage } from "./confirm.ts";
import { machineState } from "./machines.ts";
import {
  ago,
  auditLink,
  buildLink,
  empty,
  fact,
  inWords,
  machinePath,
  poolLink,
  shortThing,
  table,
  templateLink,
} from "./parts.ts";
import { sizeOf } from "./templates.ts";

const TRAIL = [{ path: "/ui/machines", label: "Machines" }];

export function machinePage(view: MachineDetails, now: MachineNow | undefined): Page {
  const { machineId, state, failure } = view;
  const isOver = state === "destroyed" || state === "error";
  return {
    title: shortThing(machineId),
    section: "machines",
    trail: TRAIL,
    aside: html`<span id="status" data-live data-said="${`The machine is ${state}.`}">${machineState(state)}</span>`,
    isLive: !isOver,
    body: html`<div id="failure" data-live>${failure !== undefined && failureBox(failure)}</div>
      <section id="facts" class="card" aria-label="Facts" data-live>${facts(view)}</section>
      <div id="actions" data-live>${!isOver && actions(view)}</div>
      <section id="life" aria-labelledby="life-head" data-live>
        <h2 class="beside" id="life-head">Its life</h2>
        ${life(view)}
      </section>
      ${
        isOver
          ? html`<p class="quiet">What it wrote has gone with it.</p>`
          : html`<section id="commands" aria-labelledby="commands-head" data-live>
                <h2 class="beside" id="commands-head">Commands</h2>
                ${commands(view, now)}
              </section>
              <section id="log-part" aria-labelledby="log-head" data-live>
                <h2 class="beside" id="log-head">What it wrote last</h2>
                ${log(now)}
              </section>`
      }`,
  };
}

function failureBox(failure: string): Html {
  return html`<section class="failure" aria-labelledby="why">
    <h2 id="why">Why it ended</h2>
    <p>${failure}</p>
  </section>`;
}

function facts(view: MachineDetails): Html {
  const { template, buildId, checkout, envNames, metadataNames } = view;
  return html`<dl class="facts">
    ${fact("Template", html`${template === undefined ? html`<code>${view.templateRef}</code>` : html`${templateLink(template)} <span class="quiet">as ${view.templateRef}</span>`}`)}
    ${fact("Build", buildId === undefined ? html`<code>${view.artifactId}</code>` : buildLink(buildId))}
    ${fact("Where from", origin(checkout))} ${fact("Size", sizeOf(view.size))}
    ${fact("Internet", view.internet ? "open" : "closed")} ${fact("Time", deadline(view))}
    ${fact("Last used", html`${ago(view.lastActiveAt)}`)}
    ${view.cwd !== undefined && fact("Folder", html`<code>${view.cwd}</code>`)}
    ${envNames.length > 0 && fact("Variables", html`${names(envNames)}`)}
    ${metadataNames.length > 0 && fact("Metadata", html`${names(metadataNames)}`)}
    ${fact("Id", html`<code>${view.machineId}</code>`)} ${fact("Record", auditLink(view.machineId))}
  </dl>`;
}

function names(list: readonly string[]): Html[] {
  return list.map((name) => html`<span class="tag">${name}</span>`);
}

function origin(checkout: MachineDetails["checkout"]): Html {
  if (checkout === undefined) return html`made for its caller`;
  const { source, poolId, poolName } = checkout;
  const pool =
    poolId === undefined ? html`a pool that is gone` : html`the pool ${poolLink(poolId, poolName ?? poolId)}`;
  if (source === "ready_instance") return html`${pool}`;
  if (source === "cold_create") return html`made for its caller: ${pool} had none to give`;
  return html`made for its caller, who asked for none from a pool`;
}

function deadline({ state, deadline: next, inactivityMs, isInUse }: MachineDetails): Html | string {
  if (state === "paused" && next === undefined) return "stands still; it stays until somebody ends or resumes it";
  if (next === undefined) return state === "creating" ? "begins with its start" : "is over";
  const leftMs = Date.parse(next.at) - Date.now();
  const what = next.action === "destroy" ? "ends" : "is paused";
  const when = leftMs <= 0 ? html`now` : html`in ${inWords(leftMs)}`;
  return html`${what}
    <time datetime="${next.at}" title="${next.at}">${when}</time
    >${inactivityMs !== undefined && html`<span class="quiet">, or when unused for ${inWords(inactivityMs)}${isInUse && " (it is in use)"}</span>`}`;
}

function actions({ machineId, state, canPause }: MachineDetails): Html {
  const change = `${machinePath(machineId)}/change`;
  return html`<div class="row">
    ${canPause && state === "running" && html`<a class="button plain" href="${`${change}?to=pause`}">Pause…</a>`}
    ${canPause && state === "paused" && html`<a class="button plain" href="${`${change}?to=resume`}">Resume…</a>`}
    <a class="button plain" href="${`${change}?to=end`}">End…</a>
  </div>`;
}

function life({ life: steps, failure }: MachineDetails): Html {
  return html`<ol class="line card">
    ${steps.toReversed().map(({ what, at }, index) => html`<li${attr("class", index === 0 ? "now" : undefined)}><div class="what"><strong>${what}</strong>${what === "ended" && failure !== undefined && html`<span class="state error">unexpected</span>`}</div><div class="quiet">${ago(at)}</div></li>`)}
  </ol>`;
}

function commands({ state, isInUse }: MachineDetails, now: MachineNow | undefined): Html {
  const list = now?.commands ?? [];
  const rows = list.map(
    ({ pid, command, isRunning }) =>
      html`<tr>
        <th scope="row" class="number">${pid}</th>
        <td><code class="clip">${command}</code></td>
        <td><span class="state ${isRunning ? "building" : ""}">${isRunning ? "runs" : "ended"}</span></td>
      </tr>`,
  );
  if (state === "paused") return html`<p class="quiet">It is frozen: what runs in it stands still.</p>`;
  return html`${now?.problem !== undefined && html`<p class="notice warn">${now.problem}</p>`}
  ${isInUse && html`<p>A command runs in it now, and its caller waits for it.</p>`}
  ${list.length > 0 ? table("Commands that are streamed or in the background", [{ label: "Process", class: "number" }, { label: "Command" }, { label: "State" }], rows) : !isInUse && empty("No command runs in it.", "Its main process goes on.")}`;
}

function log(now: MachineNow | undefined): Html {
  if (now?.log === undefined) return empty("Nothing can be read now.", now?.problem ?? "");
  if (now.log.length === 0)
    return empty("Its main process has written nothing yet.", "Commands write to whoever runs them.");
  return html`<ol id="log" class="code log" tabindex="0" aria-label="What the machine wrote last">
    ${now.log.map((text) => html`<li><span class="t">${text}</span></li>`)}
  </ol>`;
}

/** Asks before a machine is changed, and says what is lost by it. */
export function machineChangePage(planned: PlannedMachineChange, formToken: string): Page {
  const { machineId, change, templateRef, state, isInUse, timeoutMs, problem } = planned;
  const name = shortThing(machineId);
  const words = {
    end: { title: `End ${name}`, lead: "The machine ends now, and all that it has written is lost.", button: "End" },
    pause: {
      title: `Pause ${name}`,
      lead: "The machine is frozen: what it has in memory stays, and its time stands still.",
      button: "Pause",
    },
    resume: {
      title: `Resume ${name}`,
      lead: `The machine goes on where it stopped, with ${inWords(timeoutMs)} before it.`,
      button: "Resume",
    },
  }[change];
  return confirmPage(
    {
      ...words,
      section: "machines",
      trail: [...TRAIL, { path: machinePath(machineId), label: name }],
      points: [
        `It is of ${templateRef}, and is ${state} now.`,
        isInUse && change === "end" && "A command is running in it, and will fail.",
        isInUse &&
          change === "pause" &&
          "A command is running in it. Its caller waits until the machine goes on, or until the time of the command is up.",
      ],
      action: `${machinePath(machineId)}/change`,
      fields: { to: change, expected: state },
      isGrave: change === "end",
      back: machinePath(machineId),
      problem,
    },
    formToken,
  );
}
