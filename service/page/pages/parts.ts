import type { BuildState } from "../../store/builds.ts";
import { attr, html, type Html, type HtmlValue } from "../html.ts";
import type { KnownThing } from "../views/known-things.ts";
import type { TemplateName } from "../views/overview.ts";

/** How pages say what they all say: moments, amounts, states, links. */

const STATES: Record<BuildState, string> = {
  waiting: "waiting",
  building: "building",
  ready: "ready",
  error: "failed",
  cancelled: "cancelled",
};

/** How long until something, or how long it takes, in one unit. */
export function inWords(ms: number): string {
  return ms < 45_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : span(ms);
}

export function stateOf(status: BuildState): Html {
  return html`<span class="state ${status}">${STATES[status]}</span>`;
}

/** How long ago, with the whole moment for whoever points at it. */
export function ago(at: string | undefined): Html {
  if (at === undefined) return html`<span class="quiet">never</span>`;
  const ms = Date.now() - Date.parse(at);
  const text = ms < 45_000 ? "just now" : `${span(ms)} ago`;
  return html`<time datetime="${at}" title="${at.replace("T", " ").replace(/(?:\.\d+)?Z$/, " UTC")}">${text}</time>`;
}

/** One unit, the largest that is not 0. */
function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${Math.max(1, minutes)} min`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

/** `0.8 s`, `42 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")} min`;
}

export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  const amount = count / 1024 ** power;
  return `${power > 0 && amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[power]}`;
}

export function count(amount: number): string {
  return amount.toLocaleString("en-US");
}

/** `1 build`, `12 builds`. */
export function amountOf(amount: number, one: string, many = `${one}s`): string {
  return `${count(amount)} ${amount === 1 ? one : many}`;
}

export function refOf({ namespace, name }: TemplateName): string {
  return `${namespace}/${name}`;
}

export function templateLink(template: TemplateName): Html {
  return html`<a href="${templatePath(template)}">${refOf(template)}</a>`;
}

export function templatePath({ namespace, name }: TemplateName): string {
  return `/ui/templates/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}

export function tagPath(template: TemplateName, tag: string): string {
  return `${templatePath(template)}/tags/${encodeURIComponent(tag)}`;
}

export function tagLink(template: TemplateName, tag: string): Html {
  return html`<a class="tag" href="${tagPath(template, tag)}">${tag}</a>`;
}

/** A build by the end of its id, which is what tells it from its neighbours. */
export function buildLink(buildId: string): Html {
  return html`<a class="id" href="/ui/builds/${buildId}" title="${buildId}">${shortId(buildId)}</a>`;
}

export function poolPath(poolId: string): string {
  return `/ui/pools/${encodeURIComponent(poolId)}`;
}

export function poolLink(poolId: string, name: string): Html {
  return html`<a href="${poolPath(poolId)}">${name}</a>`;
}

export function machinePath(machineId: string): string {
  return `/ui/machines/${encodeURIComponent(machineId)}`;
}

/** A machine by the end of its id. */
export function machineLink(machineId: string): Html {
  return html`<a class="id" href="${machinePath(machineId)}" title="${machineId}">${shortThing(machineId)}</a>`;
}

/** A link to a thing, under a text of its own. */
export function thingLink(thing: KnownThing, text: string): Html {
  switch (thing.kind) {
    case "build":
      return buildLink(thing.buildId);
    case "pool":
      return poolLink(thing.poolId, thing.name);
    case "machine":
      return machineLink(thing.machineId);
    case "template":
      return html`<a href="${templatePath(thing.template)}">${text}</a>`;
    case "keys":
      return html`<a class="id" href="/ui/keys" title="${text}">${shortThing(text)}</a>`;
  }
}

/** The end of an id, which tells it from its neighbours: `mch_…0k3dq2xv`. */
export function shortThing(id: string): string {
  const [prefix, rest] = id.split("_", 2);
  return rest !== undefined && rest.length > 12 ? `${prefix}_…${rest.slice(-8)}` : id;
}

/** What was done to a thing. */
export function auditLink(subject: string): Html {
  return html`<a href="/ui/audit?subject=${subject}">What was done to it</a>`;
}

export function fact(name: string, value: Html | string): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

/** The states by which a list can be narrowed, as links. @param path of the list, with its query but for the state */
export function stateLinks(
  label: string,
  path: string,
  states: readonly { value: string; label: string; count?: number | undefined }[],
  now: string,
): Html {
  return html`<nav class="states" aria-label="${label}">
    ${states.map(({ value, label: text, count: amount }, index) => html`${index > 0 && " · "}<a href="${`${path}${path.includes("?") ? "&" : "?"}state=${value}`}" ${attr("aria-current", value === now ? "true" : undefined)}>${text}${amount !== undefined && html` <span class="quiet">${count(amount)}</span>`}</a>`)}
  </nav>`;
}

export function shortId(buildId: string): string {
  return buildId.length > 16 ? `tb_…${buildId.slice(-8)}` : buildId;
}

/** A table with its caption for those who do not see its heading. `wide` columns are left out where there is no room. */
export function table(
  caption: string,
  columns: readonly { label: string; class?: string }[],
  rows: readonly Html[],
): Html {
  return html`<div class="table" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption class="unseen">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col" class="${column.class ?? ""}">${column.label}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** What stands where there is nothing yet. */
export function empty(what: string, then: HtmlValue): Html {
  return html`<p class="empty"><strong>${what}</strong>${then}</p>`;
}

/** A link to the next page of a list. @param path of the list, with its query but for the place in it */
export function nextPage(path: string, next: string | undefined, label: string): Html | false {
  if (next === undefined) return false;
  const url = `${path}${path.includes("?") ? "&" : "?"}after=${encodeURIComponent(next)}`;
  return html`<nav class="pages" aria-label="Pages of the list"><a href="${url}" rel="next">${label} →</a></nav>`;
}
