import type { BlobStore } from "../../blobs/blob-store.ts";
import type { BuildService } from "../../builds/build-service.ts";
import type { Database } from "../../store/database.ts";

/** What views look at. Each view takes what it needs of it. */
export interface ViewDependencies {
  db: Database;
  blobs: BlobStore;
  builds: BuildService;
}
