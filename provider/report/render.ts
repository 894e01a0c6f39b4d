import type { Block } from "./document/document.ts";
import { DETAILS } from "./document/detail.ts";
import { layOut, type Layout } from "./document/layout.ts";
import { toMarkdown } from "./document/markdown.ts";
import { toPlainText } from "./document/plain-text.ts";
import type { Report } from "./facts/report.ts";

/** GitHub takes no longer comment. */
export const MAX_COMMENT_CHARACTERS = 65_536;

/** In UTF-8, so that it holds however characters are counted; the rest is for what a bot may add. */
const MAX_BYTES = 65_000;

const TOO_LONG = "The report was too long for a comment: ";

/** By what a bot finds its own comment again. @param name letters, digits, `.`, `_` and single `-` */
export function markerOf(name: string): string {
  return `<!-- pulumi-nullspace report: ${name} -->`;
}

/** Is the name safe in a comment of HTML, which ends with two dashes? */
export function isMarkerName(name: string): boolean {
  return /^[A-Za-z0-9._]+(?:-[A-Za-z0-9._]+)*$/.test(name) && name.length <= 100;
}

/**
 * The report as a comment on a pull request, never longer than GitHub takes: long lists are cut first, then the sections of
 * the last stacks; each time a note says so.
 */
export function renderMarkdown(report: Report, marker: string): string {
  const render = (blocks: readonly Block[]) => `${markerOf(marker)}\n\n${toMarkdown(blocks)}`;
  const fits = (text: string) => Buffer.byteLength(text) <= MAX_BYTES;
  let shortest: Layout | undefined;
  for (const [index, detail] of DETAILS.entries()) {
    const layout = layOut(report, detail);
    const note = index === 0 ? [] : [leftOut("long lists, values and messages are cut")];
    const text = render([...layout.head, ...layout.sections.flat(), ...note]);
    if (fits(text)) return text;
    shortest = layout;
  }
  return cutSections(shortest!, render, fits);
}

function cutSections(
  { head, sections }: Layout,
  render: (blocks: readonly Block[]) => string,
  fits: (text: string) => boolean,
): string {
  const cut = (kept: number) => {
    const blocks = sections.slice(0, kept).flat();
    const left = sections.length - kept;
    const note = `${left} of ${sections.length} stacks are left out, and long lists, values and messages are cut`;
    return render([...head, ...blocks, leftOut(note)]);
  };
  let [low, high] = [0, sections.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(cut(middle))) low = middle;
    else high = middle - 1;
  }
  return cut(low);
}

function leftOut(what: string): Block {
  return { kind: "paragraph", line: [`${TOO_LONG}${what}. The preview itself has all of it.`] };
}

/** The report for a terminal or a log, with all that there is. */
export function renderText(report: Report): string {
  const { head, sections } = layOut(report, { entries: Infinity, characters: 1000, lines: 1000 });
  return toPlainText([...head, ...sections.flat()]);
}
