/**
 * The environment of a program that is to see no setting of the machine: where programs are, and where Node keeps what it has
 * compiled, without which it would compile our sources again each time.
 *
 * @param more further variables
 */
export function bareEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH = "", NODE_COMPILE_CACHE } = process.env;
  return { PATH, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }), ...more };
}
