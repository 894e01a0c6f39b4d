// What pages do beyond links and forms, which work without it. Served as it stands; layout.ts says what `data-…` means.
"use strict";

const POLL_MS = 3000;
const SLOWEST_POLL_MS = 60000;
const said = /** @type {HTMLElement} */ (document.getElementById("said"));
/** @type {WeakMap<Element, string>} */
const cameAs = new WeakMap();
let pollMs = POLL_MS;
let timer = 0;
let isOver = false;

/** @param {string} text */
function say(text) {
  // The same text again would not be read.
  said.textContent = "";
  setTimeout(() => (said.textContent = text), 50);
}

/** @param {Document} fresh */
function swap(fresh) {
  const focus = document.activeElement;
  const marked = getSelection();
  for (const old of document.querySelectorAll("[data-live][id]")) {
    const next = fresh.getElementById(old.id);
    if (!next || next.outerHTML === (cameAs.get(old) ?? old.outerHTML)) continue;
    // Whoever types or has marked something there is not disturbed; the next look brings it.
    if (focus?.matches("input, select, textarea") && old.contains(focus)) continue;
    if (marked && !marked.isCollapsed && old.contains(marked.anchorNode)) continue;
    const node = document.importNode(next, true);
    cameAs.set(node, next.outerHTML);
    const kept = [old, ...old.querySelectorAll("*")].map((was) => keep(was, old, node));
    old.replaceWith(node);
    for (const restore of kept) restore?.();
    const now = node.dataset.said;
    if (now && now !== old.getAttribute("data-said")) say(now);
    start(node);
  }
  document.title = fresh.title;
}

/** @param {Element} was @param {Element} old @param {Element} node */
function keep(was, old, node) {
  const { scrollTop, scrollLeft } = was;
  const hasFocus = was === document.activeElement;
  const isField = was.matches("select[id], input[id]:not([type=hidden])");
  const isOpen = was.matches("details[open]");
  if (!scrollTop && !scrollLeft && !hasFocus && !isField && !isOpen) return undefined;
  return () => {
    /** @type {any} */
    const is = (was.id && document.getElementById(was.id)) || twinOf(was, old, node) || {};
    if (isOpen) is.open = true;
    if (isField) {
      const { value } = is;
      ({ value: is.value, checked: is.checked } = /** @type {HTMLInputElement} */ (was));
      // It can be chosen no more.
      if (is.selectedIndex < 0) is.value = value;
    }
    is.scrollTo?.(scrollLeft, scrollTop);
    if (!hasFocus) return;
    is.focus?.({ preventScroll: true });
    if (document.activeElement !== is) document.getElementById("main")?.focus({ preventScroll: true });
  };
}

/** @param {Element} was @param {Element} old @param {Element} node @returns {Element | undefined} */
function twinOf(was, old, node) {
  const above = was.parentElement;
  return was === old || !above ? node : twinOf(above, old, node)?.children[[...above.children].indexOf(was)];
}

async function poll() {
  clearTimeout(timer);
  if (isOver || document.visibilityState === "hidden") return;
  try {
    const headers = { "x-page-poll": "1" };
    const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "error" });
    if (answer.status === 401) return stop("You are not logged in any more.", "Log in");
    if (answer.status === 404) return stop("This is not there any more.", "Load again");
    if (!answer.ok) throw new Error();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    swap(fresh);
    pollMs = POLL_MS;
    if (fresh.body.dataset.polls === undefined) return;
  } catch {
    // The service is away: it is asked less and less often.
    pollMs = Math.min(pollMs * 2, SLOWEST_POLL_MS);
  }
  clearTimeout(timer);
  timer = setTimeout(poll, pollMs);
}

/** @param {string} text @param {string} then */
function stop(text, then) {
  if (isOver) return;
  isOver = true;
  const box = document.createElement("p");
  box.className = "notice refused";
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = then;
  box.append(`${text} `, link);
  document.querySelector(".head")?.after(box);
  say(text);
}

/** @param {Element} list */
function follow(list) {
  const most = Number(list.getAttribute("data-keep"));
  const source = new EventSource(String(list.getAttribute("data-follow")));
  /** @type {Line[]} */
  let waiting = [];
  const draw = () => {
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 40;
    const lines = waiting.slice(-most);
    waiting = [];
    list.append(...lines.map(lineOf));
    while (list.children.length > most) list.firstElementChild?.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  };
  source.addEventListener("line", ({ data }) => {
    if (waiting.push(JSON.parse(data)) === 1) requestAnimationFrame(draw);
    // A tab in the background draws nothing: it must not gather without end either.
    if (waiting.length > 2 * most) waiting = waiting.slice(-most);
  });
  source.onerror = () => {
    // The service answers 204 when there is nothing more to come.
    if (source.readyState !== EventSource.CLOSED || !list.isConnected) return;
    list.removeAttribute("data-follow");
    void poll();
  };
}

/** @typedef {{ n: number, text: string, kind: string }} Line @param {Line} line */
function lineOf({ n, text, kind }) {
  const line = document.createElement("li");
  line.className = kind;
  for (const [name, content] of Object.entries({ n, t: text })) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = String(content);
    line.append(part);
  }
  return line;
}

/** @param {ParentNode} root */
function start(root) {
  for (const list of root.querySelectorAll("[data-follow]")) {
    list.scrollTop = list.scrollHeight;
    follow(list);
  }
}

start(document);
if (document.body.dataset.polls !== undefined) {
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && poll());
  timer = setTimeout(poll, POLL_MS);
}
