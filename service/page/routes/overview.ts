import { folderSizes } from "../../store/folder-sizes.ts";
import type { Database } from "../../store/database.ts";
import { overviewPage } from "../pages/overview.ts";
import { engineState, overview } from "../views/overview.ts";
import type { PageRoutes } from "./page-routes.ts";

/** What the overview looks at. */
export interface OverviewOptions {
  db: Database;
  engine: { host: string; look: (signal: AbortSignal) => Promise<void> };
  /** Data folder. */
  folder: string;
  storePath: string;
}

export function registerOverview(routes: PageRoutes, { db, engine, folder, storePath }: OverviewOptions): void {
  routes.get("/", async ({ signal }) =>
    overviewPage(overview(db, { engine: await engineState(engine, signal), disk: folderSizes(folder, storePath) })),
  );
}
