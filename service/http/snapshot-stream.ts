import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { StatusSnapshot } from "pulumi-nullspace/wire";
import type { FastifyReply } from "fastify";
import type { BuildService } from "../builds/build-service.ts";

/** Entries read from the store at a time. A log up to this long is answered in one piece. */
const PAGE_ENTRIES = 500;

/**
 * Answers a build with its log from `offset` on. A long log goes out page by page in the reader's pace, so that neither
 * memory nor the other callers notice it; the entries that come meanwhile are not part of it.
 */
export function sendSnapshot(
  reply: FastifyReply,
  builds: BuildService,
  buildId: string,
  offset: number,
): StatusSnapshot | FastifyReply {
  const { build, next_offset } = builds.head(buildId, offset);
  if (next_offset - offset <= PAGE_ENTRIES) return builds.snapshot(buildId, offset);
  return reply
    .type("application/json; charset=utf-8")
    .send(Readable.from(parts(builds, { build, next_offset }, offset), { objectMode: false }));
}

async function* parts(
  { buildLog }: BuildService,
  { build, next_offset }: Pick<StatusSnapshot, "build" | "next_offset">,
  offset: number,
): AsyncGenerator<string> {
  yield `{"build":${JSON.stringify(build)},"next_offset":${next_offset},"entries":[`;
  for (let next = offset; next < next_offset;) {
    const entries = buildLog.read(build.build_id, next, Math.min(PAGE_ENTRIES, next_offset - next));
    const last = entries.at(-1);
    // The last entry is always kept, so that a page without any means that the build was forgotten; half a log is no answer.
    if (last === undefined) throw new Error(`the log of build ${build.build_id} is gone`);
    yield (next === offset ? "" : ",") + entries.map(({ entry }) => entry).join(",");
    next = last.offset + 1;
    // A reader that takes all at once would not let anybody else have a turn.
    await setImmediate();
  }
  yield "]}";
}
