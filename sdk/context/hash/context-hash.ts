import type { EntryTable } from "../table/entry-table.ts";
import { RecordHash } from "./record-hash.ts";

/** The name that the Dockerfile's record has, wherever the Dockerfile lies. */
const DOCKERFILE_NAME = Buffer.from("Dockerfile");

/** The Dockerfile's record: it lies in the context, or it travels beside it. The two make different tars. */
const DOCKERFILE_INSIDE = "D";
const DOCKERFILE_OUTSIDE = "O";

/** The Dockerfile as the hash sees it. */
export interface HashedDockerfile {
  /** SHA-256 of its content, hex. */
  readonly sha256: string;
  readonly isInContext: boolean;
}

/**
 * The context's identity, in version 1 of its format; what a version prefix means never changes. It is the SHA-256
 * over one record an entry, in the order of the paths' bytes, then one for the Dockerfile.
 *
 * A record is: one letter for the kind (`d` directory, `f` file, `x` executable file, `l` link), the length of the path
 * (4 bytes, big endian), the path, the length of the payload (4 bytes, big endian), the payload. The payload is the
 * content's SHA-256 (32 bytes) for files, the link text for links, nothing for directories. The Dockerfile's record has
 * the letter `D` (in the context) or `O` (outside, or inline), the path `Dockerfile`, and the content's SHA-256.
 *
 * Lengths come before what they measure, so no two different lists of records have the same bytes.
 */
export function contextHash(table: EntryTable, dockerfile?: HashedDockerfile): `h1:${string}` {
  const records = new RecordHash();
  for (let index = 0; index < table.length; index++) records.addEntry(table, index);
  if (dockerfile) {
    const letter = dockerfile.isInContext ? DOCKERFILE_INSIDE : DOCKERFILE_OUTSIDE;
    records.add(letter, DOCKERFILE_NAME, Buffer.from(dockerfile.sha256, "hex"));
  }
  return `h1:${records.digest()}`;
}
