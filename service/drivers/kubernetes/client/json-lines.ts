import { StringDecoder } from "node:string_decoder";

/** An object may have 1.5 MiB in etcd; told as JSON, with what changed it last, it has a few times as much. */
const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;

/**
 * Values of a stream of JSON, one a line. What is left after the last line end is dropped: the stream broke off in it.
 *
 * @throws SyntaxError for a line that is not JSON; RangeError for one that does not end
 */
export async function* readJsonLines(stream: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  const decoder = new StringDecoder("utf8");
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const text = decoder.write(chunk);
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      const line = pieces.join("") + text.slice(from, end);
      [pieces, length, from] = [[], 0, end + 1];
      if (line.trim() !== "") yield JSON.parse(line);
    }
    pieces.push(text.slice(from));
    length += text.length - from;
    if (length > MAX_LINE_CHARACTERS) throw new RangeError("a line of the stream does not end");
  }
}
