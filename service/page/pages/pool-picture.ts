import { html, type Html } from "../html.ts";
import { PIECES, type HistoryPiece, type PoolHistory } from "../views/pool-history.ts";
import { count, inWords } from "./parts.ts";

/** Size of the drawing, in its own units: a piece of time is three wide. */
const WIDTH = PIECES * 3;
const HEIGHT = 120;

/** A picture of how many members were ready, and handed out, over the last hours; its text says the same. */
export function poolPicture(history: PoolHistory): Html {
  const { pieces, known, hours } = history;
  if (known === undefined) {
    return html`<p class="empty">
      <strong>Nothing is known of these hours yet.</strong>The pool is counted once a minute.
    </p>`;
  }
  const top = Math.max(1, ...pieces.map((piece) => (piece ? Math.max(piece.floor, piece.ready, piece.claimed) : 0)));
  const y = (amount: number): number => round(HEIGHT - 4 - (amount / top) * (HEIGHT - 10));
  return html`<figure class="picture">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-labelledby="picture-text">
      <path class="area" d="${area(pieces, y)}"></path>
      <path class="drawn claimed" d="${line(pieces, ({ claimed }) => y(claimed))}"></path>
      <path class="drawn floor" d="${line(pieces, ({ floor }) => y(floor))}"></path>
      <path class="drawn ready" d="${line(pieces, ({ ready }) => y(ready))}"></path>
    </svg>
    <div class="axis" aria-hidden="true">
      <span>${hours} h ago</span><span>0 to ${count(top)}</span><span>now</span>
    </div>
    <ul class="legend" aria-hidden="true">
      <li class="ready">ready (fewest)</li>
      <li class="claimed">handed out (most)</li>
      <li class="floor">floor</li>
    </ul>
    <figcaption id="picture-text">${inText(history, known)}</figcaption>
  </figure>`;
}

function inText({ hours }: PoolHistory, known: NonNullable<PoolHistory["known"]>): string {
  const { fewestReady, mostReady, mostClaimed, belowFloorMs, ms } = known;
  const ready = fewestReady === mostReady ? count(mostReady) : `${count(fewestReady)} to ${count(mostReady)}`;
  const below =
    belowFloorMs === 0 ? "never fewer than the floor" : `fewer than the floor for ${inWords(belowFloorMs)} of it`;
  const gap = hours * 3_600_000 - ms;
  const unknown = gap > 60_000 ? ` Nothing is known of the other ${inWords(gap)}.` : "";
  return `In the last ${hours === 1 ? "hour" : `${hours} hours`} ${ready} were ready, ${below}; at most ${count(mostClaimed)} were handed out at once.${unknown}`;
}

/** Steps from piece to piece, with a gap where nothing is known. */
function line(pieces: readonly (HistoryPiece | undefined)[], y: (piece: HistoryPiece) => number): string {
  let path = "";
  for (const [index, piece] of pieces.entries()) {
    if (piece === undefined) continue;
    const [x, at] = [index * 3, y(piece)];
    path += pieces[index - 1] === undefined ? `M${x} ${at}` : `V${at}`;
    path += `H${x + 3}`;
  }
  return path;
}

function area(pieces: readonly (HistoryPiece | undefined)[], y: (amount: number) => number): string {
  let path = "";
  for (const [index, piece] of pieces.entries()) {
    if (piece === undefined) continue;
    const [x, at] = [index * 3, y(piece.ready)];
    path += pieces[index - 1] === undefined ? `M${x} ${y(0)}V${at}H${x + 3}` : `V${at}H${x + 3}`;
    if (pieces[index + 1] === undefined) path += `V${y(0)}Z`;
  }
  return path;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
