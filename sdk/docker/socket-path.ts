import { dirname } from "node:path";

/** `sun_path`: 108 bytes on Linux (unix(7)), where it needs no closing NUL; 104 on macOS and the BSDs. */
const LONGEST_BYTES = process.platform === "linux" ? 108 : 104;

/**
 * Why the system can open no socket at the path, and what to do: it says "invalid argument", or that nothing is there.
 *
 * @returns `undefined` when the path is short enough
 */
export function tooLongForSocket(path: string): string | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes <= LONGEST_BYTES) return undefined;
  return (
    `the path of the socket has ${bytes} bytes, and the system opens none with more than ${LONGEST_BYTES}. ` +
    `Make a short link to the folder ${dirname(path)}, such as /tmp/sockets, and name the socket through that`
  );
}
