import { Readable } from "node:stream";
import { KILL_TIMEOUT_MS, killScript, runMarked, type CommandPlace } from "pulumi-nullspace/commands";
import { GuestCommandTimeoutError } from "../../fleet/guests/driver-errors.ts";
import type { GuestCommand, GuestCommandResult } from "../../fleet/guests/machine-driver.ts";
import { execInPod } from "./client/exec-in-pod.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { CONTAINER } from "./guest-labels.ts";
import { LAUNCHER, launchLine } from "./launch-line.ts";

/** Where a command runs. */
export interface ExecPlace {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly pod: string;
}

/**
 * Runs a command in the container of a guest, and leaves none of its processes behind when it is given up.
 *
 * @param maxOutputBytes of each stream so much is kept
 * @throws GuestCommandTimeoutError; the client's errors; what `onOutput` throws; the signal's reason
 */
export async function execInGuest(
  place: ExecPlace,
  command: GuestCommand,
  maxOutputBytes: number,
): Promise<GuestCommandResult> {
  const { argv, env, user, stdin, onOutput, timeoutMs, signal } = command;
  const { client, namespace, pod } = place;
  const runner: CommandPlace = {
    run: (mark, take, stop) =>
      execInPod(client, {
        namespace,
        pod,
        container: CONTAINER,
        command: LAUNCHER,
        stdin: inputOf(launchLine({ argv, env, user, readsInput: stdin !== undefined, mark }), stdin),
        needsStdinEnd: stdin !== undefined,
        signal: stop,
        onOutput: take,
      }),
    kill: (mark) => kill(place, mark),
    timedOut: ({ cause, ...facts }) => {
      const end = facts.killed ? "killed" : "given up; it may still run";
      const message = `The command did not end within ${timeoutMs} ms, and was ${end}.`;
      return new GuestCommandTimeoutError({ ...facts, message }, cause);
    },
  };
  return runMarked(runner, { timeoutMs, maxOutputBytes, onOutput, signal });
}

function inputOf(line: string, stdin: GuestCommand["stdin"]): Uint8Array | Readable {
  const first = Buffer.from(line);
  if (stdin === undefined) return first;
  if (typeof stdin === "string" || stdin instanceof Uint8Array) return Buffer.concat([first, Buffer.from(stdin)]);
  return Readable.from(after(first, stdin), { objectMode: false });
}

async function* after(first: Buffer, rest: Readable): AsyncGenerator<Buffer> {
  yield first;
  for await (const chunk of rest) yield Buffer.from(chunk as Uint8Array);
}

/** The API cannot end a command, so a second one does it from inside. @returns whether every process of it is gone */
async function kill(place: ExecPlace, mark: string): Promise<boolean> {
  try {
    const exitCode = await execInPod(place.client, {
      namespace: place.namespace,
      pod: place.pod,
      container: CONTAINER,
      command: ["/bin/sh", "-c", killScript(mark)],
      onOutput: () => undefined,
      signal: AbortSignal.timeout(KILL_TIMEOUT_MS),
    });
    return exitCode === 0;
  } catch {
    // No shell, guest gone, cluster gone: all the caller can be told is that the command may still run.
    return false;
  }
}
