import { styleText } from "node:util";

/** What the quickstart tells: numbered steps with their times, and facts below them. */
export interface Story {
  /** Runs one step and prints its title, then how long it took. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Prints one line below the current step. */
  say(line: string): void;
  /** Prints lines that another program wrote, set off from ours. */
  quote(text: string): void;
}

/** A story on standard output. */
export function createStory(out: NodeJS.WriteStream = process.stdout): Story {
  let number = 0;
  const line = (text: string): void => void out.write(`${text}\n`);
  const bold = (text: string): string => styleText("bold", text, { stream: out });
  const dim = (text: string): string => styleText("dim", text, { stream: out });
  return {
    async step(title, work) {
      number += 1;
      line(`\n${bold(`${number}. ${title}`)}`);
      const started = performance.now();
      const result = await work();
      line(dim(`   ${((performance.now() - started) / 1000).toFixed(1)} s`));
      return result;
    },
    say: (text) => line(`   ${text}`),
    quote: (text) => {
      for (const each of text.split("\n")) line(`   ${dim("|")} ${each}`);
    },
  };
}
