import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A secret that was found where none may be. */
export interface Leak {
  /** Where, in words: a file, a command's output. */
  place: string;
  /** Name of the secret, never itself. */
  secret: string;
  /** In which form it stood there. */
  form: string;
}

/**
 * Looks for the secrets of a test in what it leaves behind: as they are, in base64 (at each of the three places that a text
 * can have in it), URL-encoded and escaped for JSON. Its forms are its own, not those of the redactor that it is to check.
 */
export class SecretScanner {
  readonly #needles: { secret: string; form: string; bytes: Buffer }[] = [];
  readonly leaks: Leak[] = [];

  /** @param secrets name -> value; each at least eight characters, so that it is found for no other reason */
  constructor(secrets: Readonly<Record<string, string>>) {
    for (const [secret, value] of Object.entries(secrets)) {
      for (const [form, text] of Object.entries(formsOf(value))) {
        if (text.length >= 6) this.#needles.push({ secret, form, bytes: Buffer.from(text) });
      }
    }
  }

  /** @param allowed names of secrets that may be in this place, by its nature */
  scan(place: string, content: string | Buffer, allowed: readonly string[] = []): void {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (const needle of this.#needles) {
      if (allowed.includes(needle.secret) || !bytes.includes(needle.bytes)) continue;
      this.leaks.push({ place, secret: needle.secret, form: needle.form });
    }
  }

  /** Every file below a folder, names included. */
  scanFolder(place: string, folder: string, allowed: readonly string[] = []): void {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      this.scan(`${place}/${name} (its name)`, name, allowed);
      const stats = lstatSync(path);
      if (stats.isDirectory()) this.scanFolder(`${place}/${name}`, path, allowed);
      else if (stats.isFile()) this.scan(`${place}/${name}`, readFileSync(path), allowed);
    }
  }
}

function formsOf(value: string): Record<string, string> {
  const json = JSON.stringify(value).slice(1, -1);
  const forms: Record<string, string> = {
    plain: value,
    "URL-encoded": encodeURIComponent(value),
    "JSON-escaped": json,
    "JSON-escaped, ASCII": json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`),
    hex: Buffer.from(value).toString("hex"),
  };
  for (const line of value.split("\n").filter((text) => text.length >= 8)) forms[`line "${line.slice(0, 2)}…"`] = line;
  for (let before = 0; before < 3; before++) {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    // What neighbours have a part in is cut off on both sides.
    const whole = bytes.toString("base64").replace(/=+$/, "");
    forms[`base64 at ${before}`] = whole.slice(before === 0 ? 0 : before + 1, bytes.length % 3 === 0 ? undefined : -1);
  }
  return forms;
}
