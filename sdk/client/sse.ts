import { InvalidResponseError } from "./errors.ts";

/** No log entry comes near this; a longer line is a broken or hostile service. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

/**
 * Reads server-sent events whose data is JSON. Takes what the specification allows and a little more: `data:` with or
 * without its space, one object over several `data` lines, several objects without the blank line between them; lines
 * end at LF, CRLF or CR only. Comments, names and ids of events carry no meaning here.
 *
 * An event that the end of the stream cuts off is left out: the reader goes on from its cursor.
 *
 * @throws InvalidResponseError when a complete event is not JSON
 */
export async function* readEvents(body: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let pending = "";
  let data: string[] = [];
  let size = 0;
  for await (const chunk of body) {
    pending += decoder.decode(chunk, { stream: true });
    // A CR at the very end may be the first half of CRLF: it waits for the next chunk.
    const end = pending.endsWith("\r") ? pending.length - 1 : pending.length;
    const lines = pending.slice(0, end).split(/\r\n|\n|\r/);
    pending = lines.pop()! + pending.slice(end);
    for (const line of lines) {
      if (line === "") {
        yield* parseData(data, what);
        data = [];
        size = 0;
      } else if (line.startsWith("data:")) {
        data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
        size += line.length;
      }
    }
    if (size + pending.length > MAX_EVENT_CHARACTERS) {
      throw new InvalidResponseError(`Could not ${what}: one event is longer than ${MAX_EVENT_CHARACTERS} characters.`);
    }
  }
  // Some services do not end the last event with a blank line: it counts when it is whole.
  if (pending.startsWith("data:")) data.push(pending.slice(5).trim());
  if (data.length > 0 && data.every(isJson)) yield* parseData(data, what);
}

function* parseData(lines: readonly string[], what: string): Generator<unknown> {
  if (lines.length === 0) return;
  if (lines.length > 1 && lines.every(isJson)) {
    for (const line of lines) yield JSON.parse(line);
    return;
  }
  try {
    yield JSON.parse(lines.join("\n"));
  } catch (cause) {
    throw new InvalidResponseError(`Could not ${what}: the service sent an event that is not JSON.`, { cause });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
