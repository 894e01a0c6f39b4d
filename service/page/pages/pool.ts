import { attr, html, type Html } from "../html.ts";
import { tokenField, type Page } from "../layout.ts";
import { HISTORY_HOURS } from "../views/pool-history.ts";
import type { NotFull, PlannedPoolChange, PoolDetails, PoolMember, RollOut } from "../views/pool.ts";
import { confirmPage } from "./confirm.ts";
import { nativePool } from "./native-pool.ts";
import {
  ago,
  amountOf,
  auditLink,
  buildLink,
  count,
  empty,
  fact,
  inWords,
  machineLink,
  poolPath,
  shortThing,
  table,
  templateLink,
} from "./parts.ts";
import { poolPicture } from "./pool-picture.ts";
import { reasonInWords } from "./pool-reasons.ts";
import { poolState } from "./pools.ts";
import { sizeOf } from "./templates.ts";

const TRAIL = [{ path: "/ui/pools", label: "Warm pools" }];

export function poolPage(view: PoolDetails, formToken: string): Page {
  const { name, state, counts, notFull, history } = view;
  const path = poolPath(view.poolId);
  return {
    title: name,
    section: "pools",
    trail: TRAIL,
    aside: html`<span id="status" data-live data-said="${saidOf(view)}"
      >${poolState({ state, isShort: counts.ready < counts.target, reason: notFull?.reason })}</span
    >`,
    isLive: true,
    body: html`<div id="problem" data-live>${notFull !== undefined && problemBox(notFull, view)}</div>
      <section id="facts" class="card" aria-label="Facts" data-live>${facts(view)}</section>
      <div id="actions" data-live>${state !== "deleted" && actions(view, formToken)}</div>
      <section id="time" aria-labelledby="time-head" data-live>
        <div class="beside">
          <h2 id="time-head">Over the last hours</h2>
          <nav aria-label="How far back">
            ${HISTORY_HOURS.map((hours, index) => html`${index > 0 && " · "}<a href="${path}?hours=${hours}" ${attr("aria-current", hours === history.hours ? "true" : undefined)}>${hours} h</a>`)}
          </nav>
        </div>
        ${poolPicture(history)}
      </section>
      <section id="roll" aria-labelledby="roll-head" data-live>
        <h2 class="beside" id="roll-head">Roll-out</h2>
        ${rollOut(view.rollOut)}
      </section>
      <section id="members" aria-labelledby="members-head" data-live>
        <h2 class="beside" id="members-head">Members <span class="quiet">${count(view.memberCount)}</span></h2>
        ${members(view)}
      </section>
      <div id="native" data-live>${view.native !== undefined && nativePool(view.native)}</div>`,
  };
}

function saidOf({ counts, notFull }: PoolDetails): string {
  if (notFull?.reason !== undefined) return reasonInWords(notFull.reason).means;
  return counts.ready < counts.target ? "The pool fills." : "The pool has what it should.";
}

function problemBox({ reason, message, failures }: NotFull, { counts }: PoolDetails): Html {
  if (reason === undefined) {
    return html`<p class="notice">
      ${counts.warming > 0 ? `${amountOf(counts.warming, "member")} on the way.` : "Members are about to start."}
      ${failures > 0 && html`${amountOf(failures, "start")} failed in a row before; after such, members start one at a time.`}
    </p>`;
  }
  const { means, action } = reasonInWords(reason);
  const isDrain = reason === "drain_active";
  return html`<section class="${isDrain ? "notice" : "failure"}" aria-labelledby="why">
    <h2 id="why">${isDrain ? "It empties" : "Why it is not full"}</h2>
    <p>${means}</p>
    ${message !== undefined && html`<p class="said">${message}</p>`}
    <h3>What to do</h3>
    <p>${action}</p>
    <p class="quiet">${reason}${failures > 0 && html` · ${amountOf(failures, "start")} failed in a row`}</p>
  </section>`;
}

function facts(view: PoolDetails): Html {
  const { counts, template, followedTag, labels } = view;
  return html`<dl class="facts">
    ${fact("Ready", html`${count(counts.ready)} <span class="quiet">of ${count(view.floor)}, at most ${count(view.most)}</span>`)}
    ${fact("Starting, going", html`${count(counts.warming)}, ${count(counts.draining + counts.expired)}`)}
    ${fact("Handed out", html`${count(counts.claimed)} <span class="quiet">that still live</span>`)}
    ${fact("Template", html`${template === undefined ? html`<code>${view.templateRef}</code>` : html`${templateLink(template)} <span class="quiet">as ${view.templateRef}</span>`}`)}
    ${fact("Build", followedTag === undefined ? "stays as it is" : html`follows the tag <span class="tag">${followedTag}</span>`)}
    ${fact("Machines", html`${sizeOf(view.size)}${!view.internet && html`<span class="quiet"> · no internet</span>`}`)}
    ${fact("Members go", `${inWords(view.idleSeconds * 1000)} unused above the floor, ${inWords(view.staleSeconds * 1000)} old`)}
    ${fact("Requests without a mode", view.checkoutPolicy)}
    ${labels.length > 0 && fact("Labels", html`${labels.map(([name, value]) => html`<span class="tag">${name}=${value}</span>`)}`)}
    ${fact("Made", html`${ago(view.createdAt)}`)} ${fact("Looked at", html`${ago(view.lookedAt)}`)}
    ${fact("Record", auditLink(view.poolId))}
  </dl>`;
}

function actions({ poolId, state, floor, most }: PoolDetails, formToken: string): Html {
  const change = `${poolPath(poolId)}/change`;
  return html`<div class="row">
      ${
        state !== "enabled" &&
        html`<form class="row" method="post" action="${change}">
          ${tokenField(formToken)}<input type="hidden" name="to" value="enable" /><button type="submit">Enable</button>
        </form>`
      }
      ${state !== "disabled" && html`<a class="button plain" href="${`${change}?to=disable`}">Disable…</a>`}
      ${state !== "draining" && html`<a class="button plain" href="${`${change}?to=drain`}">Drain…</a>`}
    </div>
    <details>
      <summary>Resize</summary>
      <form class="row" method="get" action="${change}">
        <input type="hidden" name="to" value="resize" />
        <div>
          <label for="floor">Ready at least</label
          ><input type="text" inputmode="numeric" pattern="[0-9]+" id="floor" name="floor" value="${floor}" required />
        </div>
        <div>
          <label for="most">At most</label
          ><input type="text" inputmode="numeric" pattern="[0-9]+" id="most" name="most" value="${most}" required />
        </div>
        <button class="plain" type="submit">Resize…</button>
      </form>
    </details>`;
}

function rollOut(view: RollOut): Html {
  const { next } = view;
  if (next === undefined) return rolledOut(view);
  return html`${rolledOut(view)}
    <p>It rolls to ${buildLink(next)} as soon as the image is everywhere where its members start.</p>`;
}

function rolledOut({ generation, to, from, current, old, wanted }: RollOut): Html {
  const target = to === undefined ? html`a build whose record is gone` : buildLink(to);
  if (old === 0) {
    return html`<p>
      All members are of ${target}${from !== undefined && html`, since the pool left ${buildLink(from)}`}.
      <span class="quiet">Generation ${count(generation)}.</span>
    </p>`;
  }
  return html`<p>
      The pool rolls to
      ${target}${from !== undefined && html` from ${buildLink(from)} (<a href="/ui/builds/${to ?? ""}/compare?with=${from}">what is different</a>)`}.
      <span class="quiet">Generation ${count(generation)}.</span>
    </p>
    <p>
      <label for="rolled"
        >${count(Math.min(current, wanted))} of ${count(wanted)} members are new, ${count(old)} old ones are
        left.</label
      >
      <progress id="rolled" value="${Math.min(current, wanted)}" max="${Math.max(1, wanted)}"></progress>
    </p>`;
}

const MEMBER_STATES: Record<PoolMember["state"], { label: string; kind: string }> = {
  warming: { label: "starting", kind: "building" },
  ready: { label: "ready", kind: "ready" },
  claimed: { label: "handed out", kind: "" },
  terminating: { label: "going", kind: "" },
};

/** Why a member goes. */
const LEAVING: Record<string, string> = {
  drained: "the pool was drained",
  disabled: "the pool was disabled",
  surplus: "there are more than there may be",
  outdated: "it is of an earlier build",
  expired: "it is too old",
  idle: "it was not needed",
  failed: "it failed",
};

function members({ members: list, memberCount }: PoolDetails): Html {
  if (list.length === 0) return empty("It has no members.", "Those that start show up here by themselves.");
  const rows = list.map(({ guestId, state, since, buildId, isCurrent, machineId, leaving }) => {
    const { label, kind } = MEMBER_STATES[state];
    return html`<tr>
      <th scope="row">
        ${machineId === undefined ? html`<code title="${guestId}">${shortThing(guestId)}</code>` : machineLink(machineId)}
      </th>
      <td>
        <span class="state ${kind}">${label}</span
        >${leaving !== undefined && html` <span class="quiet">${LEAVING[leaving] ?? leaving}</span>`}
      </td>
      <td>
        ${buildId === undefined ? html`<span class="quiet">gone</span>` : buildLink(buildId)}${!isCurrent && html` <span class="quiet">of the previous build</span>`}
      </td>
      <td>${ago(since)}</td>
    </tr>`;
  });
  return html`${table("Members", [{ label: "Member or machine" }, { label: "State" }, { label: "Build" }, { label: "Since" }], rows)}${memberCount > list.length && html`<p class="quiet">and ${count(memberCount - list.length)} more</p>`}`;
}

/** Asks before a pool is changed, and says what is lost by it. */
export function poolChangePage(planned: PlannedPoolChange, formToken: string): Page {
  const { poolId, name, change, size, before, lost, claimed, problem, version } = planned;
  const words = {
    enable: { title: `Enable ${name}`, lead: "The pool is filled, and hands out machines.", button: "Enable" },
    disable: {
      title: `Disable ${name}`,
      lead: "The pool is neither filled, nor does it hand out machines. What is ready is kept.",
      button: "Disable",
    },
    drain: {
      title: `Drain ${name}`,
      lead: "The pool hands out nothing more, and its ready members are removed. Then it is disabled.",
      button: "Drain",
    },
    resize: {
      title: `Resize ${name}`,
      lead: `At least ${count(size?.floor ?? 0)} are kept ready, at most ${count(size?.most ?? 0)}. Until now: ${count(before.floor)} and ${count(before.most)}.`,
      button: "Resize",
    },
  }[change];
  return confirmPage(
    {
      ...words,
      section: "pools",
      trail: [...TRAIL, { path: poolPath(poolId), label: name }],
      points: [
        lost.ready > 0 && `${amountOf(lost.ready, "ready member")} ${lost.ready === 1 ? "is" : "are"} removed.`,
        lost.warming > 0 &&
          `${amountOf(lost.warming, "member")} that ${lost.warming === 1 ? "starts is" : "start are"} removed.`,
        lost.ready + lost.warming === 0 && "Nothing is removed.",
        claimed > 0 &&
          `${amountOf(claimed, "machine")} that ${claimed === 1 ? "was" : "were"} handed out live${claimed === 1 ? "s" : ""} on.`,
        (change === "disable" || change === "drain") &&
          "Who asks for one of its machines gets another, which starts only then, or is refused (mode require).",
      ],
      action: `${poolPath(poolId)}/change`,
      fields: {
        to: change,
        expected: version,
        ...(size !== undefined && { floor: String(size.floor), most: String(size.most) }),
      },
      isGrave: lost.ready > 0,
      back: poolPath(poolId),
      problem,
    },
    formToken,
  );
}
