// What pages do beyond links and forms; without it all of them work. Written as it is served.
//
// A page with <body data-polls> is fetched again while somebody looks at it, and each element with an id and `data-live`
// whose HTML has changed is put in the place of the old one. Where one is in the page stays: focus, selection, scroll,
// what is open. What `data-said` says is read out when it changes, politely.
//
// A list with `data-follow` gets the lines of a log as they come, and holds as many of them as `data-keep` says.
"use strict";

const POLL_MS = 3000;
const SLOWEST_POLL_MS = 60000;
const said = document.getElementById("said");
let pollMs = POLL_MS;
let timer;

function say(text) {
  // A text that was there before would not be read again.
  said.textContent = "";
  if (text) setTimeout(() => (said.textContent = text), 50);
}

function live(root) {
  return [...root.querySelectorAll("[data-live][id]")];
}

function swap(fresh) {
  for (const old of live(document)) {
    const next = fresh.getElementById(old.id);
    if (!next || next.outerHTML === (old.seen ?? old.outerHTML)) continue;
    const html = next.outerHTML;
    const focus = document.activeElement;
    const inside = old.contains(focus) && focus;
    const at = inside && pathTo(old, inside);
    // Whoever types or has marked something there is not disturbed; the next look brings it.
    const marked = getSelection();
    if (
      (inside && /^(?:INPUT|SELECT|TEXTAREA)$/.test(inside.tagName)) ||
      (!marked.isCollapsed && old.contains(marked.anchorNode))
    )
      continue;
    const open = [...old.querySelectorAll("details[open][id]")].map(({ id }) => id);
    const scrolls = [...old.querySelectorAll("[id]")]
      .filter((e) => e.scrollTop || e.scrollLeft)
      .map((e) => [e.id, e.scrollTop, e.scrollLeft]);
    const node = document.importNode(next, true);
    node.seen = html;
    old.replaceWith(node);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const [id, top, left] of scrolls) document.getElementById(id)?.scrollTo(left, top);
    if (inside)
      ((inside.id && document.getElementById(inside.id)) || nodeAt(node, at) || document.getElementById("main")).focus({
        preventScroll: true,
      });
    if (node.dataset.said && node.dataset.said !== old.dataset.said) say(node.dataset.said);
    start(node);
  }
  document.title = fresh.title;
}

function pathTo(root, node) {
  const path = [];
  for (; node !== root; node = node.parentElement) path.unshift([...node.parentElement.children].indexOf(node));
  return path;
}

function nodeAt(root, path) {
  return path.reduce((node, index) => node?.children[index], root);
}

async function poll() {
  clearTimeout(timer);
  if (document.visibilityState === "hidden") return;
  try {
    const answer = await fetch(location.href, {
      headers: { "x-page-poll": "1" },
      cache: "no-store",
      redirect: "error",
    });
    if (answer.status === 401) return stop("You are not logged in any more.");
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      swap(fresh);
      pollMs = POLL_MS;
      if (fresh.body.dataset.polls === undefined) return;
    } else pollMs = Math.min(pollMs * 2, SLOWEST_POLL_MS);
  } catch {
    // The service is away, or stops: it is asked less and less often.
    pollMs = Math.min(pollMs * 2, SLOWEST_POLL_MS);
  }
  timer = setTimeout(poll, pollMs);
}

function stop(text) {
  const box = document.createElement("p");
  box.className = "notice refused";
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = "Log in";
  box.append(`${text} `, link);
  document.querySelector(".head").after(box);
  say(text);
}

function follow(list) {
  const keep = Number(list.dataset.keep);
  const source = new EventSource(list.dataset.follow);
  let waiting = [];
  const draw = () => {
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 40;
    const lines = waiting.slice(-keep);
    waiting = [];
    list.append(...lines.map(lineOf));
    while (list.children.length > keep) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  };
  source.addEventListener("line", ({ data }) => {
    if (waiting.push(JSON.parse(data)) === 1) requestAnimationFrame(draw);
    // A tab in the background draws nothing: it must not gather without end either.
    if (waiting.length > 2 * keep) waiting = waiting.slice(-keep);
  });
  source.onerror = () => {
    // The service answers 204 when there is nothing more to come.
    if (source.readyState !== EventSource.CLOSED || !list.isConnected) return;
    list.removeAttribute("data-follow");
    poll();
  };
}

function lineOf({ n, text, kind }) {
  const line = document.createElement("li");
  line.className = kind;
  for (const [name, content] of [
    ["n", n],
    ["t", text],
  ]) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = content;
    line.append(part);
  }
  return line;
}

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
