import { attr, html, type Html } from "../html.ts";
import type { Page } from "../layout.ts";
import type { AuditFact, AuditLine, AuditTrail } from "../views/audit.ts";
import { ago, empty, nextPage, shortThing, table, thingLink } from "./parts.ts";

/** What a kind of record says of its subject. */
const KINDS: Record<AuditLine["kind"], string> = {
  tag_moved: "tag moved",
  tag_removed: "tag removed",
  alias_removed: "former name removed",
  renamed: "renamed",
  visibility_changed: "visibility changed",
  template_deleted: "template deleted",
  artifact_deleted: "artifact deleted",
  artifact_reclaimed: "image reclaimed",
  artifact_lost: "image gone",
  artifact_found: "image there again",
  build_promoted: "build promoted",
  build_cancelled: "build cancelled",
  machine_created: "machine made",
  machine_claimed: "machine taken from a pool",
  machine_paused: "machine paused",
  machine_resumed: "machine resumed",
  machine_ended: "machine ended",
  pool_created: "pool made",
  pool_updated: "pool changed",
  pool_enabled: "pool enabled",
  pool_disabled: "pool disabled",
  pool_drained: "pool drained",
  pool_deleted: "pool deleted",
  key_created: "key made",
  key_revoked: "key revoked",
  sweep_asked: "sweep asked for",
};

export function auditPage(view: AuditTrail): Page {
  const { items, kind, subject, key, kinds, next } = view;
  const query = `kind=${encodeURIComponent(kind)}&subject=${encodeURIComponent(subject)}&key=${encodeURIComponent(key)}`;
  const isNarrow = kind !== "" || subject !== "" || key !== "";
  return {
    title: "Audit trail",
    section: "audit",
    body: html`<form class="row" method="get" action="/ui/audit" role="search">
        <div>
          <label for="kind">What</label
          ><select id="kind" name="kind">
            <option value="">everything</option>
            ${kinds.map((each) => html`<option value="${each}" ${attr("selected", each === kind)}>${KINDS[each]}</option>`)}
          </select>
        </div>
        <div class="grow">
          <label for="subject">To what</label
          ><input
            type="text"
            id="subject"
            name="subject"
            value="${subject}"
            placeholder="local/web, twp_…, mch_…"
            autocomplete="off"
            spellcheck="false"
          />
        </div>
        <div>
          <label for="key">By the key</label
          ><input
            type="text"
            id="key"
            name="key"
            value="${key}"
            placeholder="its name"
            autocomplete="off"
            spellcheck="false"
          />
        </div>
        <button class="plain" type="submit">Filter</button
        >${isNarrow && html`<a class="button plain" href="/ui/audit">Show all</a>`}
      </form>
      <section aria-label="Records of changes">
        ${
          items.length === 0
            ? empty(
                isNarrow ? "No record matches." : "Nothing has been changed yet.",
                "Ids and names are matched whole. A million records are kept.",
              )
            : list(items)
        }
        ${nextPage(`/ui/audit?${query}`, next, "Earlier records")}
      </section>`,
  };
}

function list(items: readonly AuditLine[]): Html {
  const rows = items.map(
    (line) =>
      html`<tr>
        <td>${ago(line.at)}<br /><a href="/ui/audit?key=${line.by}" ${attr("title", line.keyId)}>${line.by}</a></td>
        <th scope="row">${KINDS[line.kind]}<br />${subjectOf(line)}</th>
        <td>${line.facts.map((each) => factOf(each))}</td>
      </tr>`,
  );
  return table(
    "Records of changes, the newest first",
    [{ label: "When, and by whom" }, { label: "What, and to what" }, { label: "More" }],
    rows,
  );
}

function subjectOf({ thing, subject }: AuditLine): Html {
  if (thing !== undefined) return thingLink(thing, subject);
  return html`<span class="quiet" title="${subject}">${shortThing(subject)}</span>`;
}

function factOf({ label, text, thing }: AuditFact): Html {
  return html`<span class="fact"
    ><span class="quiet">${label}</span> ${thing === undefined ? text : thingLink(thing, text)}</span
  > `;
}
