import { randomBytes } from "node:crypto";

// Crockford's base 32 in lower case: no i, l, o, u, so ids survive reading aloud, and are legal in image names.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

function encodeTime(milliseconds: number): string {
  let text = "";
  for (let rest = milliseconds, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) text = ALPHABET[rest % 32] + text;
  return text;
}

/**
 * A new id: `prefix`, ten characters of time, sixteen of chance (80 bits). Ids of one prefix sort by the millisecond of
 * their making.
 *
 * @param prefix with its underscore, e.g. `tb_`
 */
export function newId(prefix: `${string}_`): string {
  let random = "";
  for (const byte of randomBytes(16)) random += ALPHABET[byte % 32];
  return prefix + encodeTime(Date.now()) + random;
}
