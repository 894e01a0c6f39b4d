import type { Database } from "./database.ts";

/** Something that goes where a tag leads, whatever it leads to. */
export interface TagFollower {
  kind: "warm_pool";
  /** Id of the pool. */
  id: string;
  /** Name for messages, e.g. `warm pool "web" (twp_…)`. */
  label: string;
  /** Template as the follower calls it, maybe by an alias; without a namespace as a bare name. */
  namespace: string | undefined;
  name: string;
  tag: string;
}

/** Answers all that follow a tag, from the store alone. */
export type TagFollowerQuery = (db: Database) => TagFollower[];
