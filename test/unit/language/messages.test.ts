import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { messagesIn, messagesOf } from "../../../scripts/messages.ts";
import { temporaryFolder } from "../setup/support/temporary-folder.ts";

/** Words that no native speaker would say so today, and that were in messages once. */
const STILTED =
  /cannot be had|can be had|in vain|come by|nobody's business|\banew\b|\bwherefore\b|\bthereof\b|\bwhilst\b|gone on with|is not right|good key|takes the key|speaks no|the page before/i;

test("lists what people read: whole sentences, filled in or added up, and what is in them", () => {
  const file = join(temporaryFolder(), "sample.ts");
  writeFileSync(
    file,
    [
      'import { a } from "a b c";',
      "const one = `There is no ${kind} here.`;",
      'const two = "First half, " + name + " and the second half";',
      "const three = `It is ${isOpen ? 'still open' : 'closed by now'}.`;",
      "const four = '<p class=\"quiet\">None of them is ready</p>';",
      "const five = `SELECT id FROM pools WHERE name = ?`;",
      "const six = 'word';",
    ].join("\n"),
  );
  expect(messagesOf(file).map(({ line, text }) => `${line}: ${text}`)).toEqual([
    "2: There is no ${…} here.",
    "3: First half, ${…} and the second half",
    "4: It is ${…}.",
    "4: still open",
    "4: closed by now",
    "5: None of them is ready",
  ]);
});

test("are in words that people use", () => {
  const found: string[] = [];
  let count = 0;
  for (const [file, messages] of messagesIn()) {
    count += messages.length;
    for (const { line, text } of messages) if (STILTED.test(text)) found.push(`${file}:${line} ${text}`);
  }
  expect(found).toEqual([]);
  expect(count).toBeGreaterThan(2_000);
});
