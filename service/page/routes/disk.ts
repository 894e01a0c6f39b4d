import { diskPage } from "../pages/disk.ts";
import { diskUse, type DiskDependencies } from "../views/disk.ts";
import type { PageRoutes } from "./page-routes.ts";

/** What takes room on the disks, and a button that sweeps. */
export function registerDisk(routes: PageRoutes, disk: DiskDependencies & { sweep: () => void }): void {
  routes.get("/disk", async ({ query, session, signal }) =>
    diskPage(await diskUse(disk, { after: query.after }, signal), session.formToken),
  );

  routes.post("/disk/sweep", () => {
    disk.sweep();
    const text = "The sweep has begun. What it takes away is in the audit trail.";
    return { to: "/ui/disk", notice: { kind: "done", text } };
  });
}
