import { answerTimeout } from "pulumi-nullspace/concurrency";
import { isEngineAway, type DockerEngine } from "pulumi-nullspace/docker";
import { asError, EngineUnavailableError } from "../../errors.ts";
import { engineUnavailable } from "./engine-away.ts";

/** A ping that takes longer means an engine that is not there. */
const PING_TIMEOUT_MS = 5_000;

/** Asks an engine whether it is there. @throws EngineUnavailableError when it does not answer in time */
export async function pingEngine(engine: DockerEngine, signal: AbortSignal): Promise<void> {
  using timeout = answerTimeout(PING_TIMEOUT_MS);
  try {
    await engine.ping({ signal: AbortSignal.any([signal, timeout.signal]) });
  } catch (error) {
    signal.throwIfAborted();
    if (isEngineAway(error)) throw engineUnavailable(error);
    if (asError(error).name === "TimeoutError") {
      throw new EngineUnavailableError(`Docker Engine at ${engine.host} did not answer within ${PING_TIMEOUT_MS} ms.`, {
        cause: error,
      });
    }
    throw error;
  }
}
