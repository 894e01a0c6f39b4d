/** How many times the service is killed. Default: few, for the gate; `npm run faults` sets 200. */
export const kills = Number(process.env.NULLSPACE_FAULTS_KILLS ?? 8);

/**
 * How often each other fault is done to it, which takes longer than a kill. Default: `few`, for the gate; `npm run faults`
 * has a quarter of the kills.
 */
export const times = (few: number): number =>
  process.env.NULLSPACE_FAULTS_KILLS === undefined ? few : Math.max(few, Math.ceil(kills / 4));

/** What the moments and the work are drawn with: another seed is another run. */
export const seed = Number(process.env.NULLSPACE_FAULTS_SEED ?? 1);
