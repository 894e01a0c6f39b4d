import { attr, html, type Html } from "../html.ts";
import { tokenField, type Page } from "../layout.ts";
import type { MovedBuild, PlannedMove, TagHistory, TagMove } from "../views/tags.ts";
import { ago, buildLink, empty, nextPage, refOf, stateOf, tagPath, templatePath } from "./parts.ts";

export function tagPage(view: TagHistory): Page {
  const { template, tag, now, moves } = view;
  return {
    title: `${refOf(template)}:${tag}`,
    section: "templates",
    trail: trailOf(view),
    aside:
      now === undefined
        ? html`<span class="state warn">was removed</span>`
        : html`<span>points at ${buildLink(now.buildId)}</span>`,
    isLive: true,
    body: html`<section
      id="moves"
      aria-labelledby="history"
      data-live
      data-said="${now === undefined ? "The tag is not there." : `The tag points at ${now.buildId}.`}"
    >
      <h2 class="beside" id="history">Where it has pointed</h2>
      ${
        moves.items.length === 0
          ? empty("No move is on record.", "Records of changes are kept up to a million.")
          : html`<ol class="line card">
              ${moves.items.map((move, index) => item(view, move, index))}
            </ol>`
      }
      ${nextPage(tagPath(template, tag), moves.next, "Earlier moves")}
    </section>`,
  };
}

function trailOf({ template }: Pick<TagHistory, "template">) {
  return [
    { path: "/ui/templates", label: "Templates" },
    { path: templatePath(template), label: refOf(template) },
  ];
}

function item({ template, tag, now, isBuiltin }: TagHistory, move: TagMove, index: number): Html {
  const { at, by, from, to, canReturn } = move;
  const isNow = index === 0 && to !== undefined && to === now?.buildId;
  return html`<li${attr("class", isNow ? "now" : undefined)}>
<div class="what">${to === undefined ? html`<strong>removed</strong>` : html`<strong>${buildLink(to)}</strong>`}${isNow && html`<span class="state ready">now</span>`}
${canReturn && !isBuiltin && html`<a href="${templatePath(template)}/move?tag=${tag}&amp;to=${to}">Move back here…</a>`}</div>
<div class="quiet">${ago(at)} by ${by}${from !== undefined && html`, from ${buildLink(from)}`}${from !== undefined && to !== undefined && html` · <a href="/ui/builds/${to}/compare?with=${from}">what changed</a>`}</div></li>`;
}

/** Asks whether a tag is to be moved, and names both builds. */
export function movePage({ template, tag, from, to, isBack, problem }: PlannedMove, formToken: string): Page {
  return {
    title: `${isBack ? "Roll back" : "Promote"} ${refOf(template)}:${tag}`,
    section: "templates",
    trail: [...trailOf({ template }), { path: tagPath(template, tag), label: tag }],
    body: html`<p class="lead">
        ${from === undefined ? "The tag is new." : isBack ? "The tag goes back to an older build." : "The tag goes to a newer build."}
        Whoever asks for <code>${refOf(template)}:${tag}</code> gets it from then on, and warm pools that follow the tag
        roll to it.
      </p>
      <div class="two">${build("It points at", from)}${build("It will point at", to)}</div>
      ${from !== undefined && html`<p><a href="/ui/builds/${to.buildId}/compare?with=${from.buildId}">What is different between the two</a></p>`}
      ${
        problem === undefined
          ? html`<form class="row" method="post" action="${templatePath(template)}/move">
              ${tokenField(formToken)} <input type="hidden" name="tag" value="${tag}" /><input
                type="hidden"
                name="to"
                value="${to.buildId}"
              /><input type="hidden" name="expected" value="${from?.buildId ?? ""}" />
              <button type="submit">${isBack ? "Roll back" : "Promote"}</button
              ><a class="button plain" href="${tagPath(template, tag)}">Leave it as it is</a>
            </form>`
          : html`<p class="notice refused">It cannot be moved there: ${problem}.</p>
              <p><a class="button plain" href="${tagPath(template, tag)}">Back</a></p>`
      }`,
  };
}

function build(label: string, moved: MovedBuild | undefined): Html {
  return html`<section class="card">
    <h2 class="quiet">${label}</h2>
    ${
      moved === undefined
        ? html`<p class="quiet">nothing yet</p>`
        : html`<p>
            ${buildLink(moved.buildId)} ${stateOf(moved.status)}<br /><span class="quiet"
              >made ${ago(moved.createdAt)} by ${moved.by}</span
            >
          </p>`
    }
  </section>`;
}
