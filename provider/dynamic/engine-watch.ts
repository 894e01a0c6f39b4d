import { connect } from "node:net";
import type { Writable } from "node:stream";

/** Between two looks whether the engine is still there. */
const CHECK_MS = 1_000;

/** `host:port` of the engine that started this process, its first argument; undefined in a test that calls us directly. */
function engineAddress(argv: readonly string[]): { host: string; port: number } | undefined {
  const [, host, port] = /^(.+):(\d+)$/.exec(argv[2] ?? "") ?? [];
  return host === undefined || port === undefined ? undefined : { host, port: Number(port) };
}

/**
 * Tells when the engine has gone. One that is killed leaves the dynamic provider's process behind, which has a shell for a
 * parent and no way to notice: its operation would go on by itself, and undo what the next update does.
 *
 * @param gone called once; an operation in progress is to be stopped
 * @returns ends the watch
 */
export function watchEngine(gone: () => void, argv: readonly string[] = process.argv): () => void {
  const address = engineAddress(argv);
  if (address === undefined) return () => undefined;
  let wasThere = false;
  let isOver = false;
  const look = () => {
    const socket = connect(address);
    socket.unref();
    socket.once("connect", () => {
      wasThere = true;
      socket.destroy();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      // Nothing listens there any more; anything else says nothing about the engine.
      if (error.code !== "ECONNREFUSED" || !wasThere || isOver) return;
      stop();
      gone();
    });
  };
  // At once, so that an engine that is killed within the first second is noticed as well.
  look();
  const timer = setInterval(look, CHECK_MS);
  timer.unref();
  const stop = () => {
    isOver = true;
    clearInterval(timer);
  };
  return stop;
}

/**
 * Tells when nobody reads any more what this process writes: its output goes to the engine. Left alone, the error of a
 * write is printed by Pulumi's own handler of uncaught errors, which fails again, for ever, and lets nothing else happen.
 */
export function watchOutput(gone: () => void, streams: readonly Writable[] = [process.stdout, process.stderr]): void {
  let isOver = false;
  for (const stream of streams) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      if (!isOver) gone();
      isOver = true;
    });
  }
}
