import { attr, html, type Html } from "../html.ts";
import type { Page } from "../layout.ts";
import { MOST_FILES, type ComparedBuild, type Comparison, type DiffLine, type FileChange } from "../views/compare.ts";
import { trailOf } from "./build.ts";
import { ago, amountOf, buildLink, count, empty, shortId, stateOf, table } from "./parts.ts";

/** Lines that are the same are shown this far from one that is not. */
const AROUND = 3;

export function comparePage({ from, to, settings, instructions, instructionsDiffer, files }: Comparison): Page {
  return {
    title: `What is new in ${shortId(to.buildId)}`,
    section: "templates",
    trail: trailOf(to),
    body: html`<div class="two">${side("Before", from)}${side("After", to)}</div>
      <section aria-labelledby="instructions">
        <h2 class="beside" id="instructions">Instructions</h2>
        ${
          instructions === undefined
            ? empty("They cannot be compared.", "The files of one of the builds are past their retention.")
            : instructionsDiffer
              ? diff(instructions)
              : empty("They are the same.", "")
        }
      </section>
      <section aria-labelledby="settings">
        <h2 class="beside" id="settings">Arguments and settings</h2>
        ${
          settings.length === 0
            ? empty("They are the same.", "")
            : table(
                "Arguments and settings that differ",
                [{ label: "Setting" }, { label: "Before" }, { label: "After" }],
                settings.map(
                  ({ name, from, to }) =>
                    html`<tr>
                      <th scope="row">${name}</th>
                      <td>${value(from)}</td>
                      <td>${value(to)}</td>
                    </tr>`,
                ),
              )
        }
      </section>
      <section aria-labelledby="files">
        <h2 class="beside" id="files">Files</h2>
        ${fileList(files)}
      </section>`,
  };
}

function side(label: string, { buildId, status, createdAt }: ComparedBuild): Html {
  return html`<section class="card">
    <h2 class="quiet">${label}</h2>
    <p>${buildLink(buildId)} ${stateOf(status)} ${ago(createdAt)}</p>
  </section>`;
}

function value(text: string | undefined): Html {
  return text === undefined ? html`<span class="quiet">not there</span>` : html`<code>${text}</code>`;
}

const SIGNS = { same: " ", added: "+", removed: "−" } as const;
const WORDS = { same: "", added: "added: ", removed: "removed: " } as const;

function diff(lines: readonly DiffLine[]): Html {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - AROUND), index + AROUND + 1).some(({ kind }) => kind !== "same"),
  );
  const rows: Html[] = [];
  for (const [index, { kind, text }] of lines.entries()) {
    if (near[index] === true) {
      rows.push(
        html`<li${attr("class", kind === "same" ? undefined : kind)}><span class="sign" aria-hidden="true">${SIGNS[kind]}</span><span class="unseen">${WORDS[kind]}</span><span class="t">${text}</span></li>`,
      );
    } else if (near[index - 1] !== false) rows.push(html`<li class="quiet">⋯</li>`);
  }
  return html`<ol class="code" tabindex="0" aria-label="Instructions that differ">
    ${rows}
  </ol>`;
}

const FILE_WORDS: Record<FileChange["kind"], string> = {
  added: "added",
  removed: "removed",
  changed: "changed",
  mode: "other permissions",
};

function fileList(files: Comparison["files"]): Html {
  if (files === undefined)
    return empty("They cannot be compared.", "The files of one of the builds are past their retention.");
  if (files.count === 0) return empty("They are the same.", "");
  return html`${table(
    "Files that differ",
    [{ label: "File" }, { label: "Change" }],
    files.changes.map(
      ({ path, kind }) =>
        html`<tr>
          <th scope="row"><code>${path}</code></th>
          <td>${FILE_WORDS[kind]}</td>
        </tr>`,
    ),
  )}${files.count > MOST_FILES && html`<p class="quiet">and ${amountOf(files.count - MOST_FILES, "other file")} of ${count(files.count)}</p>`}`;
}
