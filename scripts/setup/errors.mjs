/**
 * A step of set-up that cannot be done by the script itself.
 *
 * `code` is stable; `message` says what happened to which thing; `install` says what to do by hand on this platform.
 */
export class SetupError extends Error {
  /**
   * @param {string} code stable, upper case, e.g. `NO_DOCKER_ENGINE`
   * @param {string} message what happened, to which thing
   * @param {{ install?: string | undefined, cause?: unknown }} [facts]
   */
  constructor(code, message, facts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "SetupError";
    this.code = code;
    /** What to do by hand on this platform; `undefined` when the message says it already. */
    this.install = facts.install;
  }
}
