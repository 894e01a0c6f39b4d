import { attr, html, type Html } from "../html.ts";
import type { Page } from "../layout.ts";
import {
  MANY_BUILDS,
  type HistoryLine,
  type MachineSize,
  type TemplateDetails,
  type TemplateLine,
  type TemplateList,
} from "../views/templates.ts";
import {
  ago,
  amountOf,
  buildLink,
  count,
  duration,
  empty,
  fact,
  nextPage,
  refOf,
  stateOf,
  table,
  tagLink,
  templateLink,
  templatePath,
} from "./parts.ts";

/** Tags of a line; the others are counted. */
const SHOWN_TAGS = 6;

export function templatesPage(view: TemplateList): Page {
  const { items, search, total, next } = view;
  return {
    title: "Templates",
    section: "templates",
    aside: html`<span class="quiet">${amountOf(total, "template")}</span>`,
    isLive: true,
    body: html`<form class="row" method="get" action="/ui/templates" role="search">
        <div class="grow">
          <label for="find" class="unseen">Part of a name</label
          ><input
            type="search"
            id="find"
            name="find"
            value="${search}"
            placeholder="Part of a name"
            autocomplete="off"
            spellcheck="false"
          />
        </div>
        <button class="plain" type="submit">Search</button
        >${search !== "" && html`<a class="button plain" href="/ui/templates">Show all</a>`}
      </form>
      <section id="list" aria-label="Templates" data-live>
        ${items.length === 0 ? nothing(search) : list(items)}${nextPage(`/ui/templates?find=${encodeURIComponent(search)}`, next, "Next templates")}
      </section>`,
  };
}

function nothing(search: string): Html {
  if (search !== "") return empty(`No template has “${search}” in its name.`, "Former names are searched, too.");
  return empty(
    "There is no template yet.",
    html`Make one with <code>pulumi up</code>, or with the SDK’s <code>Template.build</code>.`,
  );
}

function list(items: readonly TemplateLine[]): Html {
  const rows = items.map((line) => {
    const { tags, visibility, isBuiltin, aliases, size, builds, last } = line;
    return html`<tr>
      <th scope="row">
        ${templateLink(line)}${aliases.length > 0 && html`<br /><span class="quiet">formerly ${aliases.join(", ")}</span>`}
      </th>
      <td>
        ${tags.slice(0, SHOWN_TAGS).map(({ tag }) => tagLink(line, tag))}${tags.length > SHOWN_TAGS && html`<span class="quiet">+${tags.length - SHOWN_TAGS}</span>`}${tags.length === 0 && html`<span class="quiet">none</span>`}
      </td>
      <td>
        ${last === undefined ? html`<span class="quiet">none</span>` : html`${stateOf(last.status)} ${ago(last.at)}`}
      </td>
      <td class="number wide">${buildCount(builds)}</td>
      <td class="wide">${isBuiltin ? "comes with the service" : visibility}</td>
      <td class="wide line-one">
        ${size === undefined ? html`<span class="quiet">nothing to start</span>` : sizeOf(size)}
      </td>
    </tr>`;
  });
  return table(
    "Templates",
    [
      { label: "Template" },
      { label: "Tags" },
      { label: "Last build" },
      { label: "Builds", class: "number wide" },
      { label: "Visibility", class: "wide" },
      { label: "Machines", class: "wide" },
    ],
    rows,
  );
}

export function sizeOf({ vcpus, memoryMb, diskMb }: MachineSize): string {
  return [
    `${vcpus} vCPU`,
    `${count(memoryMb)} MiB`,
    ...(diskMb === undefined ? [] : [`${count(diskMb)} MB disk`]),
  ].join(" · ");
}

function buildCount(builds: number): string {
  return builds > MANY_BUILDS ? `${count(MANY_BUILDS)}+` : count(builds);
}

const STATUSES = [
  ["", "all"],
  ["ready", "ready"],
  ["error", "failed"],
  ["building", "building"],
  ["waiting", "waiting"],
  ["cancelled", "cancelled"],
] as const;

export function templatePage(view: TemplateDetails): Page {
  const { builds, count: total, status, tags, live } = view;
  const path = templatePath(view);
  return {
    title: refOf(view),
    section: "templates",
    trail: [{ path: "/ui/templates", label: "Templates" }],
    aside: html`<span class="state">${view.isBuiltin ? "comes with the service" : view.visibility}</span>`,
    isLive: true,
    body: html`<div id="template" data-live>
      <section class="card" aria-label="What the name means now">${liveFacts(view)}</section>
      <section aria-labelledby="tags">
        <h2 class="beside" id="tags">Tags</h2>
        ${
          tags.length === 0
            ? empty(
                "No tag points at a build.",
                live === undefined
                  ? "A build that becomes ready gets the tags that it was asked for."
                  : "The bare name means the build that became ready last.",
              )
            : table(
                "Tags and where they point",
                [{ label: "Tag" }, { label: "Build" }, { label: "", class: "action" }],
                tags.map(
                  ({ tag, buildId }) =>
                    html`<tr>
                      <th scope="row">
                        ${tagLink(view, tag)}${tag === live?.tag && html` <span class="quiet">what the bare name means</span>`}
                      </th>
                      <td>${buildLink(buildId)}</td>
                      <td class="action">
                        <a href="${path}/tags/${tag}">History<span class="unseen"> of ${tag}</span></a>
                      </td>
                    </tr>`,
                ),
              )
        }
      </section>
      <section aria-labelledby="builds">
        <div class="beside">
          <h2 id="builds">Builds <span class="quiet">${buildCount(total)}</span></h2>
          <nav aria-label="Builds by state">
            ${STATUSES.map(([value, label], index) => html`${index > 0 && " · "}<a href="${path}?status=${value}" ${attr("aria-current", value === status ? "true" : undefined)}>${label}</a>`)}
          </nav>
        </div>
        ${builds.items.length === 0 ? empty(status === "" ? "It has no build yet." : "No build is in this state.", "") : history(view, builds.items)}
        ${nextPage(`${path}?status=${encodeURIComponent(status)}`, builds.next, "Older builds")}
      </section>
    </div>`,
  };
}

function liveFacts({ live, aliases }: TemplateDetails): Html {
  const formerly =
    aliases.length > 0 &&
    fact("Former names", html`${aliases.map((alias) => html`<span class="tag">${alias}</span>`)}`);
  if (live === undefined)
    return html`<dl class="facts">
      ${fact("Live", html`<span class="quiet">nothing to start from yet</span>`)}${formerly}
    </dl>`;
  return html`<dl class="facts">
    ${fact("Live build", html`${buildLink(live.buildId)}`)} ${fact("Machines", sizeOf(live.size))}
    ${fact("Internet", live.internet ? "open" : "closed")}
    ${live.startCommand !== undefined && fact("Starts", html`<code>${live.startCommand}</code>`)}
    ${(live.user ?? live.workdir) !== undefined && fact("User and folder", html`<code>${live.user ?? "root"}</code> in <code>${live.workdir ?? "/"}</code>`)}
    ${live.envNames.length > 0 && fact("Variables", html`${live.envNames.map((name) => html`<span class="tag">${name}</span>`)}`)}
    ${fact("Artifact", html`<code>${live.artifactId}</code>`)} ${formerly}
  </dl>`;
}

function history(template: TemplateDetails, items: readonly HistoryLine[]): Html {
  const rows = items.map(
    ({ buildId, status, at, durationMs, by, tags, reason }, index) =>
      html`<tr>
        <th scope="row">${buildLink(buildId)}</th>
        <td>
          ${stateOf(status)}${tags.map((tag) => html` ${tagLink(template, tag)}`)}${reason !== undefined && html`<span class="clip quiet">${reason}</span>`}
        </td>
        <td>${ago(at)}</td>
        <td class="number">${durationMs === undefined ? "" : duration(durationMs)}</td>
        <td class="wide">${by}</td>
        <td class="action wide">
          ${items[index + 1] !== undefined && html`<a href="/ui/builds/${buildId}/compare?with=${items[index + 1]!.buildId}">Compare<span class="unseen"> with the build before</span></a>`}
        </td>
      </tr>`,
  );
  return table(
    "Builds, the newest first",
    [
      { label: "Build" },
      { label: "State" },
      { label: "Accepted" },
      { label: "Took", class: "number" },
      { label: "By", class: "wide" },
      { label: "", class: "action wide" },
    ],
    rows,
  );
}
