import { z } from "zod";
import type { Readiness } from "../../../sdk/wire/index.ts";

const tuning = {
  timeoutSecs: z.number().positive().default(30).describe("Give up after this many seconds. Default 30."),
  intervalMs: z.number().positive().default(500).describe("Milliseconds between two tries. Default 500."),
  startupGraceSecs: z
    .number()
    .min(0)
    .default(2)
    .describe("Seconds of more time at the start, in which failures do not count; tries begin at once. Default 2."),
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
    path: z.string().startsWith("/").default("/").describe("Path to ask for. Default `/`."),
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
  if (readiness.kind === "timeout") return { kind: "timeout", timeout_ms: readiness.timeoutMs };
  const tuned = {
    timeout_secs: readiness.timeoutSecs,
    interval_ms: readiness.intervalMs,
    startup_grace_secs: readiness.startupGraceSecs,
  };
  switch (readiness.kind) {
    case "tcp":
      return { kind: "tcp", port: readiness.port, ...tuned };
    case "http":
      return { kind: "http", port: readiness.port, path: readiness.path, ...tuned };
    case "command":
      return { kind: "command", command: readiness.command, ...tuned };
  }
}

/** The check as an input again; undefined when it is of a kind that this version does not know. */
export function fromWireReadiness(readiness: Record<string, unknown>): ReadinessInput | undefined {
  const parsed = ReadinessInput.safeParse(
    Object.fromEntries(
      Object.entries(readiness)
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([key, value]) => [key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), value]),
    ),
  );
  return parsed.success ? parsed.data : undefined;
}
