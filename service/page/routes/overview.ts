import type { PoolService } from "../../fleet/pools/pool-service.ts";
import type { Database } from "../../store/database.ts";
import { overviewPage } from "../pages/overview.ts";
import { diskState, engineState, overview } from "../views/overview.ts";
import type { PageRoutes } from "./page-routes.ts";

/** What the overview looks at. */
export interface OverviewOptions {
  db: Database;
  pools: PoolService;
  engine: { host: string; look: (signal: AbortSignal) => Promise<void> };
  /** Data folder. */
  folder: string;
}

export function registerOverview(routes: PageRoutes, { db, pools, engine, folder }: OverviewOptions): void {
  routes.get("/", async ({ signal }) =>
    overviewPage(overview({ db, pools }, { engine: await engineState(engine, signal), disk: diskState(folder) })),
  );
}
