import { NullspaceError, type NullspaceClient } from "../../../sdk/index.ts";

/** What a driver of a scenario works with. */
export interface Place {
  /** Name for templates and pools that no other run of the scenario uses; the outcome says `NAME` instead. */
  name: string;
  /**
   * Folder with `Dockerfile`, `app/index.html`, `app/again.html` of the same content, which no other folder has, and an
   * ignored `noise.log`.
   */
  folder: string;
  connection: { client: NullspaceClient };
}

/** One thing that a program does with the service, written twice: both programs must see the same. */
export interface Scenario {
  name: string;
  /** For the published client: statements that leave what they saw in `answer`; `NAME` and `FOLDER` are the place. */
  python: string;
  /** For our SDK. */
  ours: (place: Place) => Promise<unknown>;
  /** What both see. */
  outcome: unknown;
}

/**
 * Class and code of the error of a call, as the Python side spells them; null when there is none. What has no class of
 * its own is a `MachineError` there.
 */
export async function refused(call: () => Promise<unknown>): Promise<string | null> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof NullspaceError)) throw error;
    const isPlain = error.name === "ApiError" || error.name === "InvalidArgumentError";
    return `${isPlain ? "MachineError" : error.name} ${error.code}`;
  }
  return null;
}
