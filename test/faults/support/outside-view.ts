import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { GUEST_LABEL } from "../../../service/drivers/docker/docker-driver.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import type { ServiceProcess } from "../../engine/service/service-process.ts";
import type { Tally } from "./tally.ts";

/** The service gets this long to bring to its end what it has begun. */
const SETTLE_MS = 60_000;

/** Waits until the service and its engine agree, and notes what is left over, and what is wrong with the store. */
export async function lookFromOutside(service: ServiceProcess, tally: Tally, mostMembers: number): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  let orphans = await findOrphans(service, mostMembers);
  while (orphans.length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    orphans = await findOrphans(service, mostMembers);
  }
  tally.orphans.push(...orphans);
  read(service, (db) => {
    const check = db.prepare("PRAGMA integrity_check").all();
    if (check.length !== 1 || check[0]!.integrity_check !== "ok") tally.damage.push(JSON.stringify(check));
    for (const row of db.prepare("PRAGMA foreign_key_check").all()) tally.damage.push(JSON.stringify(row));
    const shared = "SELECT machine_id FROM guests WHERE machine_id IS NOT NULL GROUP BY machine_id HAVING count(*) > 1";
    for (const row of db.prepare(shared).all()) tally.doubled.push(`guests of ${String(row.machine_id)}`);
  });
}

async function findOrphans(service: ServiceProcess, mostMembers: number): Promise<string[]> {
  const containers = await service.containers();
  const images = await service.engine.images.list({
    filters: { label: [`${INSTANCE_LABEL}=${service.instanceId}`] },
  });
  return read(service, (db) => {
    const column = (sql: string) =>
      new Set(
        db
          .prepare(sql)
          .all()
          .map((row) => String(Object.values(row)[0])),
      );
    const found: string[] = [];
    const guests = column("SELECT guest_id FROM guests");
    const onEngine = new Set(containers.map(({ Labels }) => Labels?.[GUEST_LABEL] ?? "no guest"));
    for (const id of onEngine) if (!guests.has(id)) found.push(`container of ${id}`);
    for (const id of guests) if (!onEngine.has(id)) found.push(`record of guest ${id}`);
    if (onEngine.size !== containers.length) found.push("two containers of one guest");
    const members = column("SELECT guest_id FROM guests WHERE pool_id IS NOT NULL AND state <> 'claimed'");
    if (members.size > mostMembers) found.push(`${members.size} members of a pool of ${mostMembers}`);
    for (const id of column("SELECT guest_id FROM guests WHERE state = 'terminating'")) found.push(`guest ${id} ends`);
    const kept = column("SELECT image_ref FROM artifacts WHERE image_removed_at IS NULL");
    for (const name of images.flatMap(({ RepoTags }) => RepoTags ?? [])) {
      if (name !== "<none>:<none>" && !kept.has(name.replace(/:latest$/, ""))) found.push(`image ${name}`);
    }
    return found;
  });
}

function read<Result>(service: ServiceProcess, look: (db: DatabaseSync) => Result): Result {
  const db = new DatabaseSync(join(service.data, "store.db"), { readOnly: true, timeout: 5_000 });
  try {
    return look(db);
  } finally {
    db.close();
  }
}
