import { html, type Html } from "../html.ts";
import { tokenField, type Page } from "../layout.ts";

/** A question before something is done. */
export interface Question extends Pick<Page, "title" | "section" | "trail"> {
  /** What will happen, in a sentence. */
  lead: string;
  /** What is lost by it, and what is not. */
  points?: readonly (Html | string | false)[];
  /** Where the form goes, and what it says there beside the token. */
  action: string;
  fields: Readonly<Record<string, string>>;
  button: string;
  isGrave?: boolean;
  /** The way out. */
  back: string;
  /** Why it cannot be done. */
  problem?: string | undefined;
}

/** Asks whether something is to be done. */
export function confirmPage(question: Question, formToken: string): Page {
  const { title, section, trail, lead, points = [], action, fields, button, isGrave = false, back, problem } = question;
  const shown = points.filter((point) => point !== false);
  return {
    title,
    ...(section !== undefined && { section }),
    ...(trail !== undefined && { trail }),
    body:
      problem !== undefined
        ? html`<p class="notice refused">It cannot be done: ${problem}.</p>
            <p><a class="button plain" href="${back}">Back</a></p>`
        : html`<p class="lead">${lead}</p>
            ${
              shown.length > 0 &&
              html`<ul class="points">
                ${shown.map((point) => html`<li>${point}</li>`)}
              </ul>`
            }
            <form class="row" method="post" action="${action}">
              ${tokenField(formToken)}
              ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
              <button type="submit" class="${isGrave ? "grave" : ""}">${button}</button
              ><a class="button plain" href="${back}">Leave it as it is</a>
            </form>`,
  };
}
