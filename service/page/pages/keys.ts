import { attr, html, type Html } from "../html.ts";
import { tokenField, type Page } from "../layout.ts";
import type { KeyLine, KeyList, PlannedRevocation } from "../views/keys.ts";
import { confirmPage } from "./confirm.ts";
import { ago, count, empty, nextPage, table, unseen } from "./parts.ts";

const TRAIL = [{ path: "/ui/keys", label: "Keys" }];

export function keysPage(view: KeyList, formToken: string): Page {
  const { live, revoked, isFromProcess } = view;
  return {
    title: "Keys",
    section: "keys",
    aside: html`<span class="quiet">${count(live.length)} valid</span>`,
    body: html`${isFromProcess && html`<p class="notice">You are logged in with a key that the service was started with. It is valid as long as the service runs, and is not listed.</p>`}
      <form class="row" method="post" action="/ui/keys">
        ${tokenField(formToken)}
        <div class="grow">
          <label for="name">Name of a new key</label
          ><input
            type="text"
            id="name"
            name="name"
            required
            maxlength="64"
            autocomplete="off"
            spellcheck="false"
            aria-describedby="name-rule"
          />
        </div>
        <button type="submit">Make a key</button>
      </form>
      <p class="quiet" id="name-rule">
        Letters, digits, “.”, “_” and “-”. Give each program and each person a key of its own: the record of changes
        says which one did what.
      </p>
      <section aria-labelledby="live">
        <h2 class="beside" id="live">Valid keys</h2>
        ${live.length === 0 ? empty("The data folder has no valid key.", html`<code>nullspace-local keys create NAME</code> makes one, too.`) : liveTable(live)}
      </section>
      ${
        revoked.items.length > 0 &&
        html`<section aria-labelledby="revoked">
          <h2 class="beside" id="revoked">Revoked keys</h2>
          ${revokedTable(revoked.items)} ${nextPage("/ui/keys", revoked.next, "Older keys")}
        </section>`
      }`,
  };
}

function nameOf({ name, keyId, isOwn }: KeyLine): Html {
  return html`${name}${isOwn && html` <span class="state ready">yours</span>`}<br /><code class="quiet"
      >${keyId}</code
    >`;
}

function liveTable(keys: readonly KeyLine[]): Html {
  const rows = keys.map(
    (key) =>
      html`<tr>
        <th scope="row">${nameOf(key)}</th>
        <td>${ago(key.createdAt)}</td>
        <td>${ago(key.lastUsedAt)}</td>
        <td class="action wide">
          <a href="/ui/audit?key=${key.name}">What it did<span class="unseen">: ${key.name}</span></a>
        </td>
        <td class="action">
          <a href="/ui/keys/${key.keyId}/revoke">Revoke…<span class="unseen"> ${key.name}</span></a>
        </td>
      </tr>`,
  );
  return table(
    "Valid keys, the newest first",
    [
      { label: "Name" },
      { label: "Made" },
      { label: "Last used" },
      { label: unseen("What it did"), class: "action wide" },
      { label: unseen("Revoke"), class: "action" },
    ],
    rows,
  );
}

function revokedTable(keys: readonly KeyLine[]): Html {
  const rows = keys.map(
    (key) =>
      html`<tr>
        <th scope="row">${nameOf(key)}</th>
        <td>${ago(key.createdAt)}</td>
        <td>${ago(key.revokedAt)}</td>
      </tr>`,
  );
  return table("Revoked keys, the newest first", [{ label: "Name" }, { label: "Made" }, { label: "Revoked" }], rows);
}

/** The only page that ever has a key on it: the answer to the form that has made it. */
export function newKeyPage({ name, key }: { name: string; key: string }): Page {
  return {
    title: `The key ${name}`,
    section: "keys",
    trail: TRAIL,
    body: html`<p class="notice warn">This is shown now, and never again. Copy it before you leave this page.</p>
      <div class="card">
        <label for="key">API key</label>
        <input
          class="mono"
          type="text"
          id="key"
          value="${key}"
          readonly
          autocomplete="off"
          spellcheck="false"
          ${attr("autofocus", true)}
        />
      </div>
      <p>Programs read it from <code>NULLSPACE_API_KEY</code>. The service keeps only its digest.</p>
      <p><a class="button" href="/ui/keys">I have copied it</a></p>`,
  };
}

/** Asks before a key is revoked. */
export function revokePage({ key, isLast }: PlannedRevocation, formToken: string): Page {
  const { name, keyId, isOwn } = key;
  return confirmPage(
    {
      title: `Revoke ${name}`,
      section: "keys",
      trail: TRAIL,
      lead: "The key stops working at once, for programs and for this page. This cannot be undone.",
      points: [
        html`It was last used ${ago(key.lastUsedAt)}.`,
        isOwn && "You are logged in with it, so you will be logged out.",
        isLast &&
          html`No other key of the data folder is valid. After that, only
            <code>nullspace-local keys create NAME</code> on the machine of the service makes one.`,
      ],
      action: `/ui/keys/${keyId}/revoke`,
      fields: {},
      button: "Revoke",
      isGrave: true,
      back: "/ui/keys",
    },
    formToken,
  );
}
