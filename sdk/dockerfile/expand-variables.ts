/** Values of variables by name. One that is not there, or `undefined`, has a value that nobody can tell. */
export type VariableValues = ReadonlyMap<string, string | undefined>;

/** Stands for a text that cannot be told. No Dockerfile holds it. */
export const UNTOLD = "\u0000";

/** `$NAME`, `${NAME}`, `${NAME:-word}` and what else a brace may hold; `\$` is a dollar sign. */
const VARIABLE = /\\(.)|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+])((?:[^{}]|\{[^{}]*\})*)|([^}]*))\})/g;

/**
 * Puts the values of variables into a text (Dockerfile reference, "Environment replacement").
 *
 * @returns the text, with {@link UNTOLD} in the place of what cannot be told
 */
export function expandVariables(text: string, values: VariableValues): string {
  return text.replace(
    VARIABLE,
    (_whole, escaped?: string, plain?: string, braced?: string, operator?: string, word?: string, other?: string) => {
      if (escaped !== undefined) return escaped;
      const value = values.get(plain ?? braced ?? "");
      // Patterns (`${NAME#pattern}`) and required values (`${NAME:?message}`): only some builders know them.
      if (other !== undefined && other !== "") return UNTOLD;
      if (operator === undefined) return value ?? UNTOLD;
      const isSet = value !== undefined && (value !== "" || !operator.startsWith(":"));
      const words = expandVariables(word ?? "", values);
      if (operator.endsWith("-")) return isSet ? value : words;
      return isSet ? words : "";
    },
  );
}
