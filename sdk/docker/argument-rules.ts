import {
  amount,
  callback,
  checkWith,
  flag,
  listOf,
  object,
  options,
  recordOf,
  signal,
  stream,
  text,
  anyText,
  whole,
  type Check,
  type Rule,
} from "../arguments/index.ts";
import { DockerOptionError } from "./errors.ts";

/** Throws DockerOptionError, naming the call, the argument, and what was given in its place. */
export const check: Check = checkWith(
  (argument, problem) => new DockerOptionError(argument, `${argument}: ${problem}${problem.endsWith("?") ? "" : "."}`),
);

/** Options of the calls that take nothing but a signal. */
export const CANCELLABLE = options<{ signal: unknown }>({ signal });

/** Filters of the engine's lists and events. */
export const FILTERS = recordOf(listOf(anyText, "texts"), "lists of texts");
export const LIST = options<{ filters: unknown; all: unknown; signal: unknown }>({
  filters: FILTERS,
  all: flag,
  signal,
});
export const EVENTS = options<{ filters: unknown; signal: unknown; onOpen: unknown }>({
  filters: FILTERS,
  signal,
  onOpen: callback,
});

export const TRANSFER = options<{ auth: unknown; platform: unknown; onRecord: unknown; signal: unknown }>({
  auth: { ...object, isSecret: true },
  platform: anyText,
  onRecord: callback,
  signal,
});
export const REMOVE_IMAGE = options<{ force: unknown; noPrune: unknown; signal: unknown }>({
  force: flag,
  noPrune: flag,
  signal,
});

export const CREATE_CONTAINER = options<{ name: unknown; platform: unknown; signal: unknown }>({
  name: anyText,
  platform: anyText,
  signal,
});
export const STOP = options<{ timeoutSeconds: unknown; signal: unknown }>({ timeoutSeconds: whole(-1), signal });
export const KILL = options<{ killSignal: unknown; signal: unknown }>({ killSignal: text, signal });
export const REMOVE_CONTAINER = options<{ force: unknown; volumes: unknown; signal: unknown }>({
  force: flag,
  volumes: flag,
  signal,
});
export const WAIT = options<{ condition: unknown; signal: unknown }>({ condition: text, signal });
export const LOGS = options<{
  follow: unknown;
  tail: unknown;
  sinceSeconds: unknown;
  timestamps: unknown;
  signal: unknown;
}>({ follow: flag, tail: whole(0), sinceSeconds: amount, timestamps: flag, signal });

/** A tar to send: a stream, or bytes in pieces. */
export const ARCHIVE = stream;

/** Environment of a process: values may be missing. */
export const ENVIRONMENT: Rule = object;
