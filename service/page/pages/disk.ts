import { html, type Html } from "../html.ts";
import { tokenField, type Page } from "../layout.ts";
import type { Amount, DiskUse, ImageLine } from "../views/disk.ts";
import { ago, amountOf, bytes, count, empty, fact, inWords, nextPage, table } from "./parts.ts";

const DAY_MS = 24 * 60 * 60_000;

export function diskPage(view: DiskUse, formToken: string): Page {
  const { folder, images, problem, sweep } = view;
  return {
    title: "Disk and cache",
    section: "disk",
    body: html`${problem !== undefined && html`<p class="notice warn">The engine does not say how much it has: ${problem}</p>`}
      <section class="card" aria-label="The disk of the service">
        <dl class="facts">
          ${fact("Free", html`${bytes(folder.freeBytes)} <span class="quiet">of ${bytes(folder.totalBytes)}</span>`)}
          ${fact("Store", html`${bytes(folder.storeBytes)} <span class="quiet">and ${bytes(folder.logFileBytes)} of its log</span>`)}
          ${fact("Held back for a full disk", bytes(folder.reserveBytes))}
          ${fact("Folder", html`<code>${view.path}</code>`)}
          ${fact("Last sweep", sweep.isRunning ? "runs now" : html`${ago(sweep.endedAt)}`)}
        </dl>
      </section>
      <section aria-labelledby="uses">
        <div class="beside">
          <h2 id="uses">What takes room</h2>
          <form method="post" action="/ui/disk/sweep">
            ${tokenField(formToken)}<button class="plain" type="submit">Sweep now</button>
          </form>
        </div>
        ${amounts(view)}
        <p class="quiet">
          A sweep takes away what nothing needs and is past its time of ${days(view.retentionMs)}, and of everything
          what is beyond its limit. It runs each hour by itself.
        </p>
      </section>
      <section aria-labelledby="images">
        <h2 class="beside" id="images">Images <span class="quiet">${count(view.imageCount)}</span></h2>
        ${images.items.length === 0 ? empty("There is no image.", "A build that becomes ready leaves one.") : imageTable(images.items)}
        ${nextPage("/ui/disk", images.next, "Older images")}
      </section>`,
  };
}

function days(ms: number): string {
  return ms >= 2 * DAY_MS ? amountOf(Math.round(ms / DAY_MS), "day") : inWords(ms);
}

const WHAT: Record<Amount["what"], { label: string; note: string }> = {
  images: { label: "Images of artifacts", note: "layers that they share are counted in each" },
  blobs: { label: "Files of build contexts", note: "builds can be repeated from them" },
  logs: { label: "Logs of builds", note: "in the store" },
  builds: { label: "Records of builds", note: "in the store" },
  changes: { label: "Records of changes", note: "in the store" },
  "build cache": { label: "Build cache of the engine", note: "of everybody who builds on it" },
};

function amounts({ amounts: list }: DiskUse): Html {
  const rows = list.map(({ what, used, limit, spare, isBytes }) => {
    const say = (amount: number) => (isBytes ? bytes(amount) : count(amount));
    const { label, note } = WHAT[what];
    return html`<tr>
      <th scope="row">${label}<br /><span class="quiet">${note}</span></th>
      <td class="number">
        ${used === undefined ? html`<span class="quiet">${what === "build cache" ? "the engine does not report it" : "not known"}</span>` : say(used)}${used !== undefined && limit !== undefined && used > limit && html` <span class="state warn">over</span>`}
      </td>
      <td class="number">${limit === undefined ? html`<span class="quiet">none</span>` : say(limit)}</td>
      <td class="number wide">${spare === undefined ? "" : say(spare)}</td>
    </tr>`;
  });
  return table(
    "What takes room, and its limits",
    [
      { label: "What" },
      { label: "Now", class: "number" },
      { label: "Limit", class: "number" },
      { label: "Nothing needs", class: "number wide" },
    ],
    rows,
  );
}

function imageTable(items: readonly ImageLine[]): Html {
  const rows = items.map(
    (image) =>
      html`<tr>
        <th scope="row">
          <a href="/ui/builds/${image.buildId}">${image.template}</a><br /><code class="quiet"
            >${image.templateId}</code
          >
        </th>
        <td class="number">
          ${image.sizeBytes === undefined ? html`<span class="quiet">not known</span>` : bytes(image.sizeBytes)}
        </td>
        <td>${usersOf(image)}</td>
      </tr>`,
  );
  return table(
    "Images and what uses them, the newest first",
    [{ label: "Template and artifact" }, { label: "Size", class: "number" }, { label: "Used by" }],
    rows,
  );
}

function usersOf({ tags, machines, pools, children, state, isIdle, goesAt }: ImageLine): Html {
  if (state !== "available") return html`<span class="state">about to go</span>`;
  const users = [
    tags.length > 0 && html`${tags.map((tag) => html`<span class="tag">${tag}</span>`)}`,
    pools.length > 0 && html`${pools.length === 1 ? "pool" : "pools"} ${pools.join(", ")}`,
    machines > 0 && html`${amountOf(machines, "machine or member", "machines and members")}`,
    children > 0 && html`${amountOf(children, "template")} built on it`,
  ].filter((each) => each !== false);
  if (users.length > 0) return html`${users.map((each, index) => html`${index > 0 && "; "}${each}`)}`;
  if (!isIdle) return html`<span class="quiet">comes with the service</span>`;
  const leftMs = goesAt === undefined ? undefined : Date.parse(goesAt) - Date.now();
  const when = leftMs === undefined ? "after its time" : leftMs <= 0 ? "with the next sweep" : `in ${inWords(leftMs)}`;
  return html`<span class="quiet">nothing; goes ${when}</span>`;
}
