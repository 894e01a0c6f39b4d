import type { Logger } from "pino";
import type { Database } from "./store/database.ts";
import type { ArtifactUseQuery } from "./store/artifact-use.ts";
import type { TagFollowerQuery } from "./store/tag-follower.ts";
import type { TemplateEvents } from "./templates/events.ts";

/** What every part of the service needs. */
export interface ServiceDeps {
  db: Database;
  events: TemplateEvents;
  log: Logger;
  /** Who needs artifacts beside tags and child templates. */
  artifactUses: readonly ArtifactUseQuery[];
  /** Who follows tags. */
  tagFollowers: TagFollowerQuery;
  /** Aborts when the service stops: workers end, streams close. */
  stopping: AbortSignal;
}
