import { z } from "zod";
import type { EngineApi } from "./engine-api.ts";
import { EngineProtocolError } from "./errors.ts";
import type { EngineFilters } from "./images.ts";
import { readJsonRecords } from "./json-records.ts";

/** Something that happened on the engine; members not named here are kept. */
export const EngineEvent = z.looseObject({
  /** Such as `image`, `container`. */
  Type: z.string(),
  /** Such as `delete`, `untag`, `start`. */
  Action: z.string(),
  /** What it happened to. */
  Actor: z.looseObject({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
});
export type EngineEvent = z.infer<typeof EngineEvent>;

/** Which events, and how long. */
export interface EventsOptions {
  /** Such as `{ type: ["image"], event: ["delete"] }`. Default: all. */
  filters?: EngineFilters;
  /** Aborting it ends the stream. */
  signal?: AbortSignal | undefined;
}

/** Opens the engine's stream of events; see `DockerEngine.events`. */
export async function openEvents(
  engine: EngineApi,
  { filters, signal }: EventsOptions = {},
): Promise<AsyncGenerator<EngineEvent>> {
  const query = new URLSearchParams();
  if (filters) query.set("filters", JSON.stringify(filters));
  const request = await engine.versioned({ method: "GET", path: "/events", query, kind: "stream", signal });
  const { body } = await engine.transport.request(request);
  return read();

  async function* read(): AsyncGenerator<EngineEvent> {
    for await (const record of readJsonRecords(engine.transport.readBody(request, body))) {
      const event = EngineEvent.safeParse(record);
      if (!event.success)
        throw new EngineProtocolError("The engine's stream holds something that is no event.", event.error);
      yield event.data;
    }
  }
}
