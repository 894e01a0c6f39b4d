/**
 * The part of a value's base64 form that is the same whatever stands before and after the value, for each of the three
 * places at which it may begin in a group (RFC 4648, section 4), in the plain and the URL-safe alphabet. So it is found in
 * `Authorization: Basic`, too, where a user name stands before it.
 */
export function base64Stems(value: string): string[] {
  const bytes = Buffer.from(value, "utf8");
  const stems = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    // Six bits a character: those that hold a bit of a neighbour are left out.
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  return [...stems, ...stems.map((stem) => stem.replaceAll("+", "-").replaceAll("/", "_"))];
}
