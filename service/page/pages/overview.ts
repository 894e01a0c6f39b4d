import { attr, html, type Html } from "../html.ts";
import type { Page } from "../layout.ts";
import type { Overview } from "../views/overview.ts";
import {
  ago,
  amountOf,
  buildLink,
  bytes,
  count,
  empty,
  poolLink,
  stateOf,
  table,
  tagLink,
  templateLink,
} from "./parts.ts";
import { reasonInShort } from "./pool-reasons.ts";

/** Below this share of the disk its tile is a warning. */
const SCARCE = 0.05;

export function overviewPage(view: Overview): Page {
  const { building, waiting, failures } = view;
  const open = failures.filter(({ isMended }) => !isMended).length;
  return {
    title: "Overview",
    section: "overview",
    isLive: true,
    body: html`<div id="state" data-live data-said="${saidOf(view)}">
      ${view.places.map(({ problem }) => problem !== undefined && html`<p class="notice refused">${problem}</p>`)}
      <dl class="tiles" aria-label="State of the service">
        ${tile("Templates", link("/ui/templates", count(view.templates)))}
        ${tile("Builds", `${count(building)} running`, waiting > 0 ? `${count(waiting)} waiting` : "none waiting")}
        ${tile("Warm pools", link("/ui/pools", count(view.pools)), poolsLine(view), view.shortPoolCount > 0)}
        ${tile("Machines", link("/ui/machines", count(view.machines)), "not over")}
        ${view.places.map(({ title, host, isUp }) => tile(title, isUp ? "answers" : "is away", host.replace(/^unix:\/\//, ""), !isUp))}
        ${tile("Disk", link("/ui/disk", `${bytes(view.disk.freeBytes)} free`), `of ${bytes(view.disk.totalBytes)}`, view.disk.freeBytes < SCARCE * view.disk.totalBytes)}
      </dl>
      ${view.shortPools.length > 0 && shortPools(view)}
      <section aria-labelledby="now">
        <h2 class="beside" id="now">Building now</h2>
        ${underWay(view)}
      </section>
      <div class="grid">
        <section aria-labelledby="live">
          <div class="beside">
            <h2 id="live">Went live last</h2>
            <a href="/ui/templates">All templates</a>
          </div>
          ${live(view)}
        </section>
        <section aria-labelledby="failed">
          <div class="beside">
            <h2 id="failed">Failed last</h2>
            ${failures.length > 0 && html`<span class="quiet">${open === 0 ? "all built again since" : `${open} not built again`}</span>`}
          </div>
          ${failed(view)}
        </section>
      </div>
    </div>`,
  };
}

function link(path: string, label: string): Html {
  return html`<a href="${path}">${label}</a>`;
}

function tile(label: string, value: string | Html, more?: string, isBad = false): Html {
  return html`<div class="tile${isBad && " bad"}">
    <dt>${label}</dt>
    <dd>${value}${more !== undefined && html`<small>${more}</small>`}</dd>
  </div>`;
}

function poolsLine({ pools, shortPoolCount }: Overview): string {
  if (pools === 0) return "none enabled";
  return shortPoolCount === 0 ? "all have what they should" : `${count(shortPoolCount)} below their floor`;
}

/** What is read out when it changes: no numbers that change all the time. */
function saidOf({ building, failures, places, shortPoolCount }: Overview): string {
  const [last] = failures;
  return [
    ...places.filter(({ isUp }) => !isUp).map(({ title }) => `${title} is away.`),
    building === 0 ? "Nothing is being built." : `${amountOf(building, "build")} running.`,
    last === undefined ? "" : `The last failure is of ${last.template.namespace}/${last.template.name}.`,
    shortPoolCount === 0 ? "" : `${amountOf(shortPoolCount, "pool")} below the floor.`,
  ]
    .filter((line) => line !== "")
    .join(" ");
}

function shortPools({ shortPools: pools, shortPoolCount }: Overview): Html {
  const rows = pools.map(
    ({ id, name, ready, floor, warming, reason }) =>
      html`<tr>
        <th scope="row">${poolLink(id, name)}</th>
        <td class="number">${ready} of ${floor}</td>
        <td class="number">${warming}</td>
        <td>${reason === undefined ? html`<span class="quiet">filling</span>` : reasonInShort(reason)}</td>
      </tr>`,
  );
  return html`<section aria-labelledby="short">
    <h2 class="beside" id="short">Pools below their floor</h2>
    ${table(
      "Pools below their floor, and why",
      [
        { label: "Pool" },
        { label: "Ready", class: "number" },
        { label: "Starting", class: "number" },
        { label: "Why" },
      ],
      rows,
    )}
    ${shortPoolCount > pools.length && html`<p class="quiet">and ${count(shortPoolCount - pools.length)} more</p>`}
  </section>`;
}

function underWay({ underWay: lines, building, waiting }: Overview): Html {
  if (lines.length === 0) return empty("Nothing is being built.", "A build that starts shows up here by itself.");
  const rows = lines.map(
    ({ template, buildId, status, by, since }) =>
      html`<tr>
        <th scope="row">${templateLink(template)}<br />${buildLink(buildId)}</th>
        <td>${stateOf(status)}</td>
        <td>${ago(since)}</td>
        <td class="wide">${by}</td>
      </tr>`,
  );
  const more = building + waiting - lines.length;
  return html`${table(
    "Builds under way",
    [{ label: "Template and build" }, { label: "State" }, { label: "Since" }, { label: "By", class: "wide" }],
    rows,
  )}${more > 0 && html`<p class="quiet">and ${count(more)} more</p>`}`;
}

function live({ live: tags }: Overview): Html {
  if (tags.length === 0) {
    return empty(
      "Nothing has gone live yet.",
      html`Build a template: <code>pulumi up</code>, or the SDK’s <code>Template.build</code>.`,
    );
  }
  const rows = tags.map(
    ({ template, tag, buildId, at, by }) =>
      html`<tr>
        <th scope="row">${templateLink(template)}</th>
        <td>${tagLink(template, tag)}</td>
        <td class="wide">${buildLink(buildId)}</td>
        <td${attr("title", `moved by ${by}`)}>${ago(at)}</td>
      </tr>`,
  );
  return table(
    "Tags that were moved last",
    [{ label: "Template" }, { label: "Tag" }, { label: "Build", class: "wide" }, { label: "When" }],
    rows,
  );
}

function failed({ failures }: Overview): Html {
  if (failures.length === 0) return empty("No build has failed.", "The reason would be here.");
  const rows = failures.map(
    ({ template, buildId, at, reason, isMended }) =>
      html`<tr>
        <th scope="row">${templateLink(template)}<br />${buildLink(buildId)}</th>
        <td class="why">
          <span class="clip" ${attr("title", reason)}>${reason}</span>
          <span class="quiet">${ago(at)}</span>${isMended && html` <span class="state ready">built since</span>`}
        </td>
      </tr>`,
  );
  return table("Builds that failed last", [{ label: "Template and build" }, { label: "Why" }], rows);
}
