/** The oldest Node that runs the service: its store is `node:sqlite`. */
export const OLDEST_NODE = "24";
