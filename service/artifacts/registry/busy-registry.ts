import { backoffMs, pause } from "pulumi-nullspace/concurrency";
import { RegistryAwayError } from "./registry-errors.ts";

/** Tries of one request to a registry that is too busy for it. */
const MOST_TRIES = 5;
/** One that wants to be left alone for longer is away: whoever waits for it has other means than a request that hangs. */
const MOST_WAIT_MS = 20_000;
/** Between tries where the registry does not say when to come again. */
const PAUSES_MS = { first: 500, most: 5_000 };

/** As much of an answer as says whether to come again. */
interface Answer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: { dump(): Promise<unknown> };
}

/**
 * Sends a request again for as long as the registry only says that it is too busy (429, or 503 with `Retry-After`): it has done
 * nothing yet. Waits as long as it asks for, within bounds.
 *
 * @param attempt sends it again each time
 * @throws RegistryAwayError when it stays too busy; what `attempt` throws; the signal's reason
 */
export async function unlessBusy<A extends Answer>(
  host: string,
  attempt: () => Promise<A>,
  signal?: AbortSignal,
): Promise<A> {
  for (let tries = 1; ; tries += 1) {
    const answer = await attempt();
    const asked = parseRetryAfter(answer.header("retry-after"));
    if (answer.status !== 429 && !(answer.status === 503 && asked !== undefined)) return answer;
    await answer.body.dump();
    const waitMs = asked ?? backoffMs(PAUSES_MS, tries);
    if (waitMs > MOST_WAIT_MS) {
      const seconds = Math.ceil(waitMs / 1_000);
      throw new RegistryAwayError(host, `it is too busy for ${seconds} s (HTTP status ${answer.status})`);
    }
    if (tries === MOST_TRIES) {
      throw new RegistryAwayError(host, `it was too busy ${tries} times in a row (HTTP status ${answer.status})`);
    }
    // Others were sent away, too: not all of them come back at the same moment.
    await pause(waitMs * (1 + Math.random() / 4), signal);
  }
}

/** Milliseconds from now, of whole seconds or of a date (RFC 9110, section 10.2.3). @returns `undefined` for neither */
function parseRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(at - Date.now(), 0);
}
