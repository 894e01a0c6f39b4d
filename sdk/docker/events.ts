import * as z from "zod";
import type { EngineApi } from "./engine-api.ts";
import type { EngineFilters } from "./images.ts";
import { readJsonRecords } from "./json-records.ts";

/** Something that happened at an engine; members not named here are kept. */
export const EngineEvent = z.looseObject({
  /** What it happened to: `container`, `image`, `network`, `volume`, `daemon`, … */
  Type: z.string(),
  /** What happened: `start`, `die`, `pause`, `untag`, … An exec's action continues after a colon: `exec_start: sh`. */
  Action: z.string(),
  Actor: z.looseObject({
    /** Id of the container, image, …; a network's or volume's name. */
    ID: z.string(),
    /** Labels of the thing, and facts of the event such as `name` and `exitCode`. */
    Attributes: z.record(z.string(), z.string()).nullish(),
  }),
  /** Nanoseconds since 1970. More than a number holds exactly, so only useful for ordering roughly. */
  timeNano: z.number().optional(),
});
export type EngineEvent = z.infer<typeof EngineEvent>;

/** Which events to report. */
export interface EngineEventOptions {
  /** The engine's filters, e.g. `{ type: ["container"], event: ["die"], label: ["a=b"] }`. */
  filters?: EngineFilters;
  /** Ends the stream with the signal's reason. */
  signal?: AbortSignal;
  /** Called once the engine has begun to send events: from then on none is missed. */
  onOpen?: () => void;
}

/**
 * What happens at the engine from now on, until it goes away.
 *
 * @throws EngineUnreachableError, EngineConnectionLostError, EngineTimeoutError when the engine goes away; the signal's reason
 */
export async function* readEngineEvents(engine: EngineApi, options: EngineEventOptions): AsyncGenerator<EngineEvent> {
  const { filters, signal, onOpen } = options;
  const query = new URLSearchParams();
  if (filters !== undefined) query.set("filters", JSON.stringify(filters));
  const request = await engine.versioned({ method: "GET", path: "/events", query, kind: "stream", signal });
  const { body } = await engine.transport.request(request);
  onOpen?.();
  for await (const record of readJsonRecords(engine.transport.readBody(request, body))) yield EngineEvent.parse(record);
}
