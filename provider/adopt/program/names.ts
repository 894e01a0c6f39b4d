/** What a constant of the program must not be called: words of the language, and what the program has already. */
const TAKEN_WORDS = (
  "nullspace pulumi config exports require module arguments eval undefined NaN Infinity globalThis " +
  "abstract any as async await boolean break case catch class const constructor continue debugger declare default delete " +
  "do else enum export extends false finally for from function get if implements import in instanceof interface is " +
  "let module namespace never new null number object of package private protected public readonly return " +
  "set static string super switch symbol this throw true try type typeof unique unknown var void while with yield"
).split(" ");
const LONGEST = 60;

/** Gives out names, each once: constants of the program, and names of its resources. */
export class ProgramNames {
  readonly #variables = new Set(TAKEN_WORDS);
  readonly #resources = new Set<string>();

  /**
   * A name for a constant, made of the words of the texts: `web-app` and `stable` give `webAppStable`.
   *
   * @param kind begins the name where the texts begin with a digit, or have no letters of English
   */
  variable(kind: string, ...texts: readonly string[]): string {
    const words = texts.flatMap((text) => latin(text).match(/[A-Za-z0-9]+/g) ?? []);
    const all = /^[A-Za-z]/.test(words[0] ?? "") ? words : [kind, ...words];
    const [first = kind, ...rest] = all;
    const wanted = first.charAt(0).toLowerCase() + first.slice(1) + rest.map(capitalized).join("");
    return unique(wanted.slice(0, LONGEST), this.#variables, "");
  }

  /** A name for a resource: the texts with a dash between them, and a dash for what is no letter, digit, `.` or `_`. */
  resource(kind: string, ...texts: readonly string[]): string {
    const parts = texts.map((text) =>
      latin(text)
        .replaceAll(/[^A-Za-z0-9._]+/g, "-")
        .replaceAll(/^-+|-+$/g, ""),
    );
    const wanted = parts.filter((part) => part !== "").join("-");
    return unique(wanted === "" ? kind : wanted.slice(0, LONGEST), this.#resources, "-");
  }
}

/** Accents are left out: `é` is `e`. */
export function latin(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "");
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function unique(wanted: string, taken: Set<string>, joint: string): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted}${joint}${number}`;
  taken.add(name);
  return name;
}
