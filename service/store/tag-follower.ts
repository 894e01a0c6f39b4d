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

/** What is followed: one of these tags, of whatever template; or any tag under this name, in whatever namespace. */
export type Followed = { readonly tags: readonly string[] } | { readonly name: string };

/** Answers what follows that, from the store alone. */
export type TagFollowerQuery = (db: Database, followed: Followed) => TagFollower[];
