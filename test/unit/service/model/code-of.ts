/** Does it. @returns the code of the error that it ended with; `undefined` when it succeeded */
export async function codeOf(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    const { code } = error as { code?: string };
    // Codes of Node, SQLite's among them, are no answers of the service.
    if (code === undefined || code.startsWith("ERR_")) throw error;
    return code;
  }
}
