import { stripVTControlCharacters } from "node:util";
import type { BuildProgress } from "../../sdk/docker/index.ts";
import { describeProgress } from "./build-progress.ts";

/** Steps shown at once as under way; a build seldom has more side by side. */
const MOST_RUNNING = 8;
const REDRAW_MS = 200;
/** Of a terminal that does not know its width, which it then gives as 0. */
const USUAL_COLUMNS = 80;
const ERASE_BELOW = "\x1b[0J";
const upBy = (lines: number) => (lines === 0 ? "" : `\x1b[${lines}A`);

/** A terminal, as far as the display needs one. */
export interface Terminal {
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/**
 * Progress of a build on a terminal: what has happened scrolls by, and below it stand the steps under way with their times.
 * Disposing takes those away.
 */
export class LiveProgress implements Disposable {
  readonly #terminal: Terminal;
  readonly #running = new Map<string, { name: string; since: number }>();
  readonly #timer: NodeJS.Timeout;
  #drawn = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#timer = setInterval(() => this.#draw(""), REDRAW_MS).unref();
  }

  show(progress: BuildProgress): void {
    if (progress.kind === "step") {
      const { id, name, state } = progress.step;
      if (state === "started") this.#running.set(id, { name, since: performance.now() });
      else this.#running.delete(id);
      // Its beginning is told below, and its end here.
      this.#draw(state === "started" ? "" : describeProgress(progress));
    } else this.#draw(describeProgress(progress));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#running.clear();
    this.#draw("");
  }

  #draw(above: string): void {
    const running = [...this.#running.values()].slice(0, MOST_RUNNING).map(({ name, since }) => {
      const seconds = ` ${((performance.now() - since) / 1000).toFixed(1)}s`;
      // A line that wraps would be two, and the way back up too short.
      const room = (this.#terminal.columns || USUAL_COLUMNS) - seconds.length - 4;
      return `=> ${stripVTControlCharacters(name).replace(/\s+/g, " ").slice(0, Math.max(room, 0))}${seconds}\n`;
    });
    if (above === "" && running.length === 0 && this.#drawn === 0) return;
    this.#terminal.write(`${upBy(this.#drawn)}${ERASE_BELOW}${above}${running.join("")}`);
    this.#drawn = running.length;
  }
}
