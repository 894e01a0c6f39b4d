/** How many times the service is killed. Default: few, for the gate; `npm run faults` sets 200. */
export const kills = Number(process.env.NULLSPACE_FAULTS_KILLS ?? 8);

/** What the moments and the work are drawn with: another seed is another run. */
export const seed = Number(process.env.NULLSPACE_FAULTS_SEED ?? 1);
