import type { About } from "../about.ts";

export const about: About = {
  type: "WarmPool",
  description: "A pool of running machines of one template, ready to be checked out at once.",
  example: {
    typescript: `
const pool = new WarmPool("pool", {
  name: "web",
  template: stable.ref,
  versionPolicy: "track_tag",
  buildId: stable.buildId,
  minReady: 2,
  maxReady: 4,
});`,
  },
  importId: { form: "`twp_…`, the pool's own id", example: "twp_0123456789ab" },
};
