import { parseByteSize } from "pulumi-nullspace/docker";
import type { LocalServiceOptions } from "../local-service.ts";
import type { StorageLimits } from "../templates/storage-limits.ts";
import { UsageError } from "./usage-error.ts";

/** Options of `serve` that say how much is kept, as `parseArgs` takes them. */
export const STORAGE_OPTIONS = {
  "keep-days": { type: "string" },
  "max-images": { type: "string" },
  "max-blobs": { type: "string" },
  "max-logs": { type: "string" },
  "max-records": { type: "string" },
  "max-build-cache": { type: "string" },
} as const;

/** What `--help` says of them. */
export const STORAGE_USAGE = `  --keep-days N      days to keep an artifact that no tag, pool, machine or other template needs (default 30)
  --max-images SIZE  images of artifacts, such as 50g (the default); those that are needed are kept anyway
  --max-blobs SIZE   files of build contexts (default 10g)
  --max-logs SIZE    logs of builds that have ended (default 2g)
  --max-records N    records of builds (default 100000)
  --max-build-cache SIZE  the engine's whole build cache, including what others have put there (default: left alone)`;

type StorageArguments = { [Name in keyof typeof STORAGE_OPTIONS]?: string | undefined };

const DAY_MS = 24 * 60 * 60_000;

/** @throws UsageError */
export function readStorage(values: StorageArguments): Pick<LocalServiceOptions, "artifactRetentionMs" | "storage"> {
  const sizes: [keyof StorageLimits, keyof StorageArguments][] = [
    ["imageBytes", "max-images"],
    ["blobBytes", "max-blobs"],
    ["logBytes", "max-logs"],
    ["buildCacheBytes", "max-build-cache"],
  ];
  const storage: Partial<StorageLimits> = Object.fromEntries(
    sizes.flatMap(([limit, option]) => {
      const text = values[option];
      return text === undefined ? [] : [[limit, readSize(option, text)]];
    }),
  );
  const records = values["max-records"];
  if (records !== undefined) storage.builds = readCount("max-records", records);
  const days = values["keep-days"];
  return { storage, ...(days !== undefined && { artifactRetentionMs: readCount("keep-days", days) * DAY_MS }) };
}

function readSize(option: string, text: string): number {
  try {
    return parseByteSize(`--${option}`, text);
  } catch (error) {
    throw new UsageError(`--${option} ${text} is not a size, such as 500m or 20g.`, { cause: error });
  }
}

function readCount(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${option} ${text} is not a number (1 or more).`);
  return Number(text);
}
