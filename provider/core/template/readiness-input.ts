import * as z from "zod";
import { fromWire, READINESS_DEFAULTS, READINESS_NAMES, toWire, type Readiness } from "../../../sdk/wire/index.ts";

const { timeout_secs, interval_ms, startup_grace_secs } = READINESS_DEFAULTS;
const tuning = {
  timeoutSecs: z
    .number()
    .positive()
    .default(timeout_secs)
    .describe(`Give up after this many seconds. Default ${timeout_secs}.`),
  intervalMs: z
    .number()
    .positive()
    .default(interval_ms)
    .describe(`Milliseconds between two attempts. Default ${interval_ms}.`),
  startupGraceSecs: z
    .number()
    .min(0)
    .default(startup_grace_secs)
    .describe(
      "Extra seconds at the start, during which failures do not count; attempts begin at once. " +
        `Default ${startup_grace_secs}.`,
    ),
};
const port = z.int().min(1).max(65_535);

const TcpReadiness = z
  .strictObject({ kind: z.literal("tcp"), port: port.describe("Port that accepts connections."), ...tuning })
  .describe("Ready when a TCP port of the machine accepts connections.")
  .meta({ id: "pulumi.TcpReadiness" });

const HttpReadiness = z
  .strictObject({
    kind: z.literal("http"),
    port: port.describe("Port of the HTTP server."),
    path: z.string().startsWith("/").default("/").describe("Path to request. Default `/`."),
    ...tuning,
  })
  .describe("Ready when an HTTP request to the machine succeeds.")
  .meta({ id: "pulumi.HttpReadiness" });

const CommandReadiness = z
  .strictObject({
    kind: z.literal("command"),
    command: z.string().min(1).describe("Shell command; exit code 0 means ready."),
    ...tuning,
  })
  .describe("Ready when a command in the machine succeeds.")
  .meta({ id: "pulumi.CommandReadiness" });

const TimeoutReadiness = z
  .strictObject({ kind: z.literal("timeout"), timeoutMs: z.int().min(0).describe("Milliseconds to wait.") })
  .describe("Ready after a fixed time.")
  .meta({ id: "pulumi.TimeoutReadiness" });

/** How the service knows that the start command is ready. */
export const ReadinessInput = z.discriminatedUnion("kind", [
  TcpReadiness,
  HttpReadiness,
  CommandReadiness,
  TimeoutReadiness,
]);
export type ReadinessInput = z.infer<typeof ReadinessInput>;

/** The check in the words of the service. */
export function toWireReadiness(readiness: ReadinessInput): Readiness {
  return toWire(READINESS_NAMES, readiness) as Readiness;
}

const KNOWN = new Set<string>(Object.values(READINESS_NAMES));

/** The check as an input again; undefined when it is of a kind that this version does not know. */
export function fromWireReadiness(readiness: object): ReadinessInput | undefined {
  const told = Object.entries(readiness).filter(([, value]) => value !== null && value !== undefined);
  if (!told.every(([name]) => KNOWN.has(name))) return undefined;
  return ReadinessInput.safeParse(fromWire(READINESS_NAMES, Object.fromEntries(told))).data;
}
