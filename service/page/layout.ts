import { attr, html, type Html } from "./html.ts";
import { SCRIPT, STYLE } from "./assets.ts";
import type { Notice } from "./access/sessions.ts";

/** The parts of the page, in the order of its navigation. A new part is a line here and its routes. */
export const SECTIONS = [
  { id: "overview", path: "/ui/", label: "Overview" },
  { id: "templates", path: "/ui/templates", label: "Templates" },
  { id: "pools", path: "/ui/pools", label: "Pools" },
  { id: "machines", path: "/ui/machines", label: "Machines" },
  { id: "disk", path: "/ui/disk", label: "Disk" },
  { id: "keys", path: "/ui/keys", label: "Keys" },
  { id: "audit", path: "/ui/audit", label: "Audit" },
] as const;

export type SectionId = (typeof SECTIONS)[number]["id"];

/** One page: what stands between the head and the foot that all have. */
export interface Page {
  /** Of the tab, and the heading of the page. */
  title: string;
  /** Where in the navigation one is. */
  section?: SectionId;
  /** The way here: pages above this one. */
  trail?: readonly { path: string; label: string }[];
  /** What stands beside the heading, such as a state. */
  aside?: Html | undefined;
  /** Everything below the heading; headings in it begin with `<h2>`. */
  body: Html;
  /**
   * Whether the page changes by itself: the script then loads it again and again, and puts in what changed of each element
   * with `data-live` and an id. Text in its `data-said` is read out when it changes.
   */
  isLive?: boolean;
}

/** Whom a page is for. */
export interface Visitor {
  /** Name of the key. */
  name: string;
  formToken: string;
  notice: Notice | undefined;
}

/** The whole document of a page. @param visitor absent: nobody has logged in */
export function layout(page: Page, visitor: Visitor | undefined): Html {
  const { title, section, trail = [], aside, body, isLive = false } = page;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title} · Nullspace local</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${STYLE.path}">
<script src="${SCRIPT.path}" defer></script>
</head>
<body${attr("data-polls", isLive)}>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<div class="bar">
<a class="brand" href="/ui/"><span class="mark" aria-hidden="true"></span>Nullspace <span class="quiet">local</span></a>
${visitor !== undefined && navigation(section, visitor)}
</div>
</header>
<main id="main" tabindex="-1">
${
  trail.length > 0 &&
  html`<nav class="trail" aria-label="The way here">
    <ol>
      ${trail.map(({ path, label }) => html`<li><a href="${path}">${label}</a></li>`)}
    </ol>
  </nav>`
}
<div class="head"><h1>${title}</h1>${aside}</div>
${visitor?.notice && noticeBox(visitor.notice)}
${body}
</main>
<p id="said" class="unseen" role="status" aria-live="polite"></p>
</body>
</html>
`;
}

function navigation(section: SectionId | undefined, { name, formToken }: Visitor): Html {
  const links = SECTIONS.map(
    ({ id, path, label }) =>
      html`<li><a href="${path}" ${attr("aria-current", id === section ? "page" : undefined)}>${label}</a></li>`,
  );
  return html`<nav class="main" aria-label="Main">
      <ul>
        ${links}
      </ul>
    </nav>
    <form class="who" method="post" action="/ui/log-out">
      <span class="key" title="The key that you have logged in with">${name}</span>${tokenField(formToken)}<button
        class="plain"
        type="submit"
      >
        Log out
      </button>
    </form>`;
}

function noticeBox({ kind, text }: Notice): Html {
  return html`<div class="notice ${kind}" ${attr("role", kind === "refused" ? "alert" : "status")}>${text}</div>`;
}

/** What every form of a session has in it. */
export function tokenField(formToken: string): Html {
  return html`<input type="hidden" name="token" value="${formToken}" />`;
}
