/** One step of the store's history. Applied once, in a transaction, in the order of `number`; never edited afterwards. */
export interface Migration {
  /** Position in the history, from 1 without gaps; kept in SQLite's `user_version`. */
  number: number;
  /** What the step is about. */
  name: string;
  /** Statements to run. */
  sql: string;
}
