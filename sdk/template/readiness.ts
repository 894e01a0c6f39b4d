import { amount, options, positive, show, text } from "../arguments/index.ts";
import { READINESS_DEFAULTS } from "../wire/defaults.ts";
import { READINESS_TUNING_NAMES, toWire } from "../wire/member-names.ts";
import type { Readiness } from "../wire/readiness.ts";
import { check, requireNumber, requireText } from "./argument-checks.ts";
import { TemplateArgumentError } from "./errors.ts";
import { shellQuote } from "./shell-quote.ts";

/** How often and how long a probe is tried. */
export interface ReadinessTuning {
  /**
   * Give up after this long, seconds.
   *
   * @default 30
   */
  timeoutSecs?: number | undefined;
  /**
   * Between two tries, milliseconds.
   *
   * @default 500
   */
  intervalMs?: number | undefined;
  /**
   * More time than `timeoutSecs`, at the start, in which failures do not count; tries begin at once. Seconds.
   *
   * @default 2
   */
  startupGraceSecs?: number | undefined;
}

const TUNING = options<ReadinessTuning>({ timeoutSecs: positive, intervalMs: positive, startupGraceSecs: amount });

/**
 * Ready when something listens on a TCP port of the machine.
 *
 * @example
 * ```ts
 * Template.fromImage("redis:8").setStartCmd("redis-server", waitForPort(6379));
 * ```
 */
export function waitForPort(port: number, tuning: ReadinessTuning = {}): Readiness {
  check("waitForPort", { tuning: TUNING }, { tuning });
  return checkReadiness("waitForPort", { kind: "tcp", port, ...wireTuning(tuning) });
}

/**
 * Ready when a URL of the machine itself answers: `http://localhost:8080/health`.
 *
 * @example
 * ```ts
 * Template.fromNodeImage("24")
 *   .copy("server.js", "/srv/")
 *   .setStartCmd("node /srv/server.js", waitForUrl("http://localhost:8080/health", { timeoutSecs: 60 }));
 * ```
 */
export function waitForUrl(url: string, tuning: ReadinessTuning = {}): Readiness {
  check("waitForUrl", { url: text, tuning: TUNING }, { url, tuning });
  const { port, path } = parseLocalUrl(url);
  return checkReadiness("waitForUrl", { kind: "http", port, path, ...wireTuning(tuning) });
}

/**
 * Ready when a process of exactly this name runs. Needs `ps` in the image.
 *
 * @example
 * ```ts
 * Template.fromImage("debian:stable-slim").aptInstall("procps").setStartCmd("sh /srv/start.sh", waitForProcess("worker"));
 * ```
 */
export function waitForProcess(name: string, tuning: ReadinessTuning = {}): Readiness {
  check("waitForProcess", { tuning: TUNING }, { tuning });
  const quoted = shellQuote(requireText("waitForProcess: name", name));
  return waitForCommand(`ps -eo comm= | grep -Fx -- ${quoted} >/dev/null`, tuning);
}

/**
 * Ready when a file exists.
 *
 * @example
 * ```ts
 * Template.fromImage("busybox").setStartCmd("sh /srv/start.sh", waitForFile("/run/started"));
 * ```
 */
export function waitForFile(path: string, tuning: ReadinessTuning = {}): Readiness {
  check("waitForFile", { tuning: TUNING }, { tuning });
  return waitForCommand(`test -e ${shellQuote(requireText("waitForFile: path", path))}`, tuning);
}

/**
 * Ready when a shell command ends with 0.
 *
 * @example
 * ```ts
 * Template.fromImage("postgres:17").setStartCmd("postgres", waitForCommand("pg_isready -q"));
 * ```
 */
export function waitForCommand(command: string, tuning: ReadinessTuning = {}): Readiness {
  check("waitForCommand", { tuning: TUNING }, { tuning });
  return checkReadiness("waitForCommand", { kind: "command", command, ...wireTuning(tuning) });
}

/**
 * Ready after a while, whatever happens.
 *
 * @example
 * ```ts
 * Template.fromImage("busybox").setStartCmd("sh /srv/start.sh", waitForTimeout(5_000));
 * ```
 */
export function waitForTimeout(timeoutMs: number): Readiness {
  return checkReadiness("waitForTimeout", { kind: "timeout", timeout_ms: timeoutMs });
}

/** A probe, or a shell command that is one. */
export function toReadiness(argument: string, readiness: Readiness | string): Readiness {
  if (typeof readiness === "string") return waitForCommand(requireText(argument, readiness));
  return checkReadiness(argument, readiness);
}

function checkReadiness(argument: string, readiness: Readiness): Readiness {
  if (typeof readiness !== "object" || readiness === null) {
    throw new TemplateArgumentError(argument, `must be a probe or a shell command, not ${show(readiness)}`);
  }
  const { kind } = readiness;
  if (kind === "timeout") {
    requireNumber(`${argument}.timeout_ms`, readiness.timeout_ms, { min: 0 });
    return readiness;
  }
  if (kind === "command") requireText(`${argument}.command`, readiness.command);
  else if (kind === "tcp" || kind === "http")
    requireNumber(`${argument}.port`, readiness.port, { min: 1, max: 65_535 });
  else
    throw new TemplateArgumentError(
      `${argument}.kind`,
      "must be tcp, http, command or timeout: use the waitFor… functions",
    );
  if (kind === "http" && !requireText(`${argument}.path`, readiness.path).startsWith("/")) {
    throw new TemplateArgumentError(`${argument}.path`, "must begin with /");
  }
  const {
    timeout_secs = READINESS_DEFAULTS.timeout_secs,
    interval_ms = READINESS_DEFAULTS.interval_ms,
    startup_grace_secs = READINESS_DEFAULTS.startup_grace_secs,
  } = readiness;
  requireNumber(`${argument}.timeout_secs`, timeout_secs, { min: Number.MIN_VALUE, fraction: true });
  requireNumber(`${argument}.interval_ms`, interval_ms, { min: Number.MIN_VALUE, fraction: true });
  requireNumber(`${argument}.startup_grace_secs`, startup_grace_secs, { min: 0, fraction: true });
  return readiness;
}

function wireTuning(tuning: ReadinessTuning) {
  return { ...READINESS_DEFAULTS, ...toWire(READINESS_TUNING_NAMES, tuning) };
}

function parseLocalUrl(url: string): { port: number; path: string } {
  const refuse = (problem: string): never => {
    throw new TemplateArgumentError("waitForUrl: url", problem);
  };
  if (!/^http:\/\//i.test(url)) refuse("must begin with http://");
  const authority = url.slice("http://".length).split(/[/?#]/)[0]!;
  if (authority.includes("@")) refuse("must not hold a user name or password");
  const [, host = "", port] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  if (!["localhost", "127.0.0.1", "0.0.0.0"].includes(host.toLowerCase())) {
    refuse("must be on the machine itself: localhost, 127.0.0.1 or 0.0.0.0");
  }
  if (port === undefined) refuse("needs a port, as in http://localhost:8080/health");
  if (/[?#]/.test(url)) refuse("must end at its path: a probe takes no query and no fragment");
  return { port: Number(port), path: url.slice("http://".length + authority.length) || "/" };
}
