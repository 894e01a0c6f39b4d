import type { Place } from "../../health/place.ts";
import { folderSizes } from "../../store/folder-sizes.ts";
import type { Database } from "../../store/database.ts";
import { overviewPage } from "../pages/overview.ts";
import { placeState, overview } from "../views/overview.ts";
import type { PageRoutes } from "./page-routes.ts";

/** What the overview looks at. */
export interface OverviewOptions {
  db: Database;
  places: readonly Place[];
  /** Data folder. */
  folder: string;
  storePath: string;
}

export function registerOverview(routes: PageRoutes, { db, places, folder, storePath }: OverviewOptions): void {
  routes.get("/", async ({ signal }) => {
    const states = await Promise.all(places.map((place) => placeState(place, signal)));
    return overviewPage(overview(db, { places: states, disk: folderSizes(folder, storePath) }));
  });
}
