import { attr, html, type Html } from "../html.ts";
import { tokenField, type Page } from "../layout.ts";
import type { BuildDetails, Failure } from "../views/build.ts";
import type { LogLine, LogWindow } from "../views/build-log.ts";
import type { StepLine, StepList } from "../views/build-steps.ts";
import {
  ago,
  amountOf,
  buildLink,
  count,
  duration,
  empty,
  fact,
  refOf,
  shortId,
  stateOf,
  table,
  tagLink,
  templatePath,
} from "./parts.ts";
import { sizeOf } from "./templates.ts";

/** Lines of a log that is followed, at most; those above are on the pages of the log. */
const KEPT_LINES = 2_000;

export function buildPage(view: BuildDetails, steps: StepList, log: LogWindow, formToken: string): Page {
  const { buildId, template, failure } = view;
  return {
    title: shortId(buildId),
    section: "templates",
    trail: trailOf(view),
    aside: html`<span id="status" data-live data-said="${saidOf(view)}"
      >${stateOf(view.status)}${view.tags.map((tag) => html` ${tagLink(template, tag)}`)}</span
    >`,
    isLive: !view.isOver,
    body: html`${failure !== undefined && failureBox(failure)}
      <section id="facts" class="card" aria-label="Facts" data-live>${facts(view)}</section>
      ${actions(view, formToken)}
      <section id="steps" aria-labelledby="steps-head" data-live>
        <h2 class="beside" id="steps-head">Steps</h2>
        ${stepTable(steps)}
      </section>
      <section aria-labelledby="log-head">
        <div class="beside">
          <h2 id="log-head">Log</h2>
          ${logLinks(view.buildId)}
        </div>
        ${findForm(buildId, "")}
        ${log.from > 0 && html`<p class="quiet">The last ${count(log.lines.length)} of ${amountOf(log.end, "entry", "entries")}. <a href="/ui/builds/${buildId}/log?from=0">From the start</a></p>`}
        <ol
          id="log"
          class="code log"
          tabindex="0"
          aria-label="Log of the build"
          ${!view.isOver && attr("data-follow", `/ui/builds/${encodeURIComponent(buildId)}/follow?from=${log.end}`)}${attr("data-keep", KEPT_LINES)}
        >
          ${log.lines.map((line) => logItem(line))}
        </ol>
      </section>`,
  };
}

export function trailOf({ template }: Pick<BuildDetails, "template">): { path: string; label: string }[] {
  return [
    { path: "/ui/templates", label: "Templates" },
    { path: templatePath(template), label: refOf(template) },
  ];
}

function saidOf({ status }: BuildDetails): string {
  return {
    waiting: "The build waits.",
    building: "The build runs.",
    ready: "The build is ready.",
    error: "The build failed.",
    cancelled: "The build was cancelled.",
  }[status];
}

function failureBox({ message, phase, reason, action, step, tail, excerpt }: Failure): Html {
  const words = [phase, reason].filter((word) => word !== undefined).join(" · ");
  return html`<section class="failure" aria-labelledby="why">
    <h2 id="why">Why it failed</h2>
    <p>${message}</p>
    ${
      excerpt !== undefined &&
      html`<h3>Dockerfile, line ${excerpt.line}</h3>
        <ol class="code">
          ${excerpt.lines.map(({ number, text }) => html`<li${attr("class", number === excerpt.line ? "here" : undefined)}><span class="n">${number}</span><span class="t">${text}</span>${number === excerpt.line && html`<span class="unseen"> (failed here)</span>`}</li>`)}
        </ol>`
    }
    ${
      tail.length > 0 &&
      html`<h3>The last that ${step === undefined ? "it" : `step ${step}`} said</h3>
        <ol class="code log">
          ${tail.map((text) => html`<li><span class="t">${text}</span></li>`)}
        </ol>`
    }
    ${
      action !== undefined &&
      html`<h3>What to do</h3>
        <p>${action}</p>`
    }
    ${words !== "" && html`<p class="quiet">${words}</p>`}
  </section>`;
}

function facts(view: BuildDetails): Html {
  const { queuedAt, startedAt, finishedAt, cache, args, envNames, secretIds, cancelled } = view;
  const ran =
    startedAt === undefined ? undefined : Date.parse(finishedAt ?? new Date().toISOString()) - Date.parse(startedAt);
  const waited = Date.parse(startedAt ?? finishedAt ?? new Date().toISOString()) - Date.parse(queuedAt);
  return html`<dl class="facts">
    ${fact("Accepted", html`${ago(queuedAt)}<span class="quiet"> by ${view.by}</span>`)}
    ${ran !== undefined && fact(finishedAt === undefined ? "Has run for" : "Took", html`${duration(ran)}${waited > 1_000 && html`<span class="quiet"> after ${duration(waited)} of waiting</span>`}`)}
    ${cancelled !== undefined && fact("Cancelled", html`${cancelled.by !== undefined && `by ${cancelled.by}`}${cancelled.reason !== undefined && html`<span class="quiet">: ${cancelled.reason}</span>`}`)}
    ${view.askedTags.length > 0 && fact("Asked for as", html`${view.askedTags.map((tag) => html`<span class="tag">${tag}</span>`)}`)}
    ${fact("Made from", html`${KINDS[view.kind] ?? view.kind}${view.base !== undefined && html` <code>${view.base}</code>`}${view.target !== undefined && html`, stage <code>${view.target}</code>`}`)}
    ${fact("Machines", html`${sizeOf(view.size)}${!view.internet && html`<span class="quiet"> · no internet</span>`}`)}
    ${cache !== undefined && fact("Cache", cache.reused ? "the whole image was there" : html`${amountOf(cache.hits, "layer")} found, ${count(cache.misses)} made`)}
    ${args.length > 0 && fact("Arguments", html`${args.map(({ name, value }) => html`<span class="tag">${name}${value !== undefined && `=${value}`}</span>`)}`)}
    ${envNames.length > 0 && fact("Variables", html`${envNames.map((name) => html`<span class="tag">${name}</span>`)}`)}
    ${secretIds.length > 0 && fact("Secrets", html`${secretIds.map((id) => html`<span class="tag">${id}</span>`)}`)}
    ${view.retryOf !== undefined && fact("Repeats", buildLink(view.retryOf))}
    ${fact("Build", html`<code>${view.buildId}</code>`)} ${fact("Artifact", html`<code>${view.artifactId}</code>`)}
  </dl>`;
}

const KINDS: Record<string, string> = {
  dockerfile: "a Dockerfile",
  declarative: "steps on",
  oci_import: "the image",
  template_base: "the template",
};

function actions(view: BuildDetails, formToken: string): Html {
  const { buildId, before, isPromotable, otherTags, template } = view;
  return html`<div id="actions" class="row" data-live>
    ${
      isPromotable &&
      otherTags.length > 0 &&
      html`<form class="row" method="get" action="${templatePath(template)}/move">
        <input type="hidden" name="to" value="${buildId}" />
        <div>
          <label for="tag" class="unseen">Tag to move here</label
          ><select id="tag" name="tag">
            ${otherTags.map(({ tag }) => html`<option value="${tag}">${tag}</option>`)}
          </select>
        </div>
        <button class="plain" type="submit">Move the tag here…</button>
      </form>`
    }
    ${before !== undefined && html`<a class="button plain" href="/ui/builds/${buildId}/compare?with=${before}">Compare with the ready build before</a>`}
    ${!view.isOver && html`<form method="post" action="/ui/builds/${buildId}/cancel">${tokenField(formToken)}<button class="plain" type="submit">Cancel the build</button></form>`}
  </div>`;
}

const STEP_STATES: Record<StepLine["state"], { class: string; label: string }> = {
  cached: { class: "", label: "from cache" },
  done: { class: "ready", label: "done" },
  running: { class: "building", label: "running" },
  failed: { class: "error", label: "failed" },
  stopped: { class: "warn", label: "stopped" },
};

function stepTable({ steps, total }: StepList): Html {
  if (steps.length === 0) return empty("No step has begun.", "");
  const rows = steps.map(({ step, title, state, durationMs, lines }) => {
    const { class: kind, label } = STEP_STATES[state];
    return html`<tr>
      <td class="number quiet">${step}${total !== undefined && ` / ${total}`}</td>
      <th scope="row"><code class="clip">${title}</code></th>
      <td><span class="state ${kind}">${label}</span></td>
      <td class="number">${state === "cached" ? "" : duration(durationMs)}</td>
      <td class="number wide">${count(lines)}</td>
    </tr>`;
  });
  return table(
    "Steps of the build",
    [
      { label: "Step", class: "number" },
      { label: "What" },
      { label: "State" },
      { label: "Took", class: "number" },
      { label: "Lines", class: "number wide" },
    ],
    rows,
  );
}

function logLinks(buildId: string): Html {
  return html`<span
    ><a href="/ui/builds/${buildId}/log?from=0">Page by page</a> ·
    <a href="/ui/builds/${buildId}/log.txt" download="${buildId}.log">Download</a></span
  >`;
}

function findForm(buildId: string, find: string): Html {
  return html`<form class="row" method="get" action="/ui/builds/${buildId}/log" role="search">
    <div class="grow">
      <label class="unseen" for="find">Find in the log</label
      ><input
        type="search"
        id="find"
        name="find"
        value="${find}"
        placeholder="Find in the log"
        autocomplete="off"
        spellcheck="false"
      />
    </div>
    <button class="plain" type="submit">Find</button>
  </form>`;
}

function logItem({ offset, kind, text }: LogLine, find = ""): Html {
  return html`<li class="${kind}" id="l${offset}">
    <span class="n"
      >${find === "" ? offset : html`<a href="?from=${Math.max(0, offset - 20)}#l${offset}">${offset}</a>`}</span
    ><span class="t">${find === "" ? text : marked(text, find)}</span>
  </li>`;
}

/** A text with what was searched for marked. */
function marked(text: string, find: string): Html {
  const parts: Html[] = [];
  const [low, wanted] = [text.toLowerCase(), find.toLowerCase()];
  let at = 0;
  // Where lower case has another length, places in the two texts differ: nothing is marked then.
  for (let next = low.indexOf(wanted); next >= 0 && low.length === text.length; next = low.indexOf(wanted, at)) {
    parts.push(html`${text.slice(at, next)}<mark>${text.slice(next, next + wanted.length)}</mark>`);
    at = next + wanted.length;
  }
  return html`${parts}${text.slice(at)}`;
}

/** A log page by page, or what was found in it. */
export function logPage(template: BuildDetails["template"], view: LogWindow, pageLines: number): Page {
  const { buildId, lines, from, end, find, findNext } = view;
  const path = `/ui/builds/${encodeURIComponent(buildId)}/log`;
  const to = from + lines.length;
  const last = Math.max(0, end - pageLines);
  return {
    title: find === "" ? "Log" : `“${find}” in the log`,
    section: "templates",
    trail: [...trailOf({ template }), { path: `/ui/builds/${encodeURIComponent(buildId)}`, label: shortId(buildId) }],
    aside: html`<a href="/ui/builds/${buildId}/log.txt" download="${buildId}.log">Download</a>`,
    body: html`${findForm(buildId, find)}
      <p class="quiet">
        ${find === "" ? (end === 0 ? "The log is empty." : `Entries ${count(from)} to ${count(Math.max(from, to - 1))} of ${count(end)}`) : `${amountOf(lines.length, "entry", "entries")} with it${findNext === undefined ? "" : ` up to entry ${count(findNext - 1)}`}`}
      </p>
      ${
        lines.length > 0 &&
        html`<ol class="code log whole" tabindex="0" aria-label="Log of the build">
          ${lines.map((line) => logItem(line, find))}
        </ol>`
      }
      <nav class="pages" aria-label="Pages of the log">
        ${find === "" ? html`${from > 0 && html`<a href="${path}?from=0">⇤ Start</a><a href="${path}?from=${Math.max(0, from - pageLines)}" rel="prev">← Earlier</a>`}${to < end && html`<a href="${path}?from=${to}" rel="next">Later →</a><a href="${path}?from=${last}">End ⇥</a>`}` : html`${findNext !== undefined && html`<a href="${path}?find=${find}&amp;from=${findNext}" rel="next">Find more →</a>`}<a href="${path}?from=0">The whole log</a>`}
      </nav>`,
  };
}
