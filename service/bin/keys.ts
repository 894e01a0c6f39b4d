import { asCaller } from "../caller.ts";
import { defaultDataDirectory } from "../data-directory.ts";
import { newKey } from "../keys/key-ring.ts";
import { withKeys } from "../keys/open-keys.ts";
import type { ApiKeyRow } from "../store/api-keys.ts";
import { table } from "./terminal/table.ts";
import { UsageError } from "./usage-error.ts";

/** Who changes keys from the command line has no key yet: whoever may write the data folder may make one. */
const COMMAND_LINE = { keyId: null, name: "command line" };

/** `keys create NAME`, `keys list`, `keys revoke NAME|ID`: prints what was asked for. */
export function keysCommand(words: readonly string[], { data }: { data?: string }): void {
  const [verb, name, ...rest] = words;
  const directory = data ?? defaultDataDirectory();
  if (verb === "list" && name === undefined) {
    print(withKeys(directory, (keys) => keyTable(keys.list())));
  } else if (verb === "create" && name !== undefined && rest.length === 0) {
    const key = newKey();
    asCaller(COMMAND_LINE, () => withKeys(directory, (keys) => keys.add(name, key)));
    print(`NULLSPACE_API_KEY=${key}`);
  } else if (verb === "revoke" && name !== undefined && rest.length === 0) {
    const revoked = asCaller(COMMAND_LINE, () => withKeys(directory, (keys) => keys.revoke(name)));
    print(`The key ${revoked.name} (${revoked.keyId}) is revoked.`);
  } else {
    throw new UsageError("Say what to do with keys: keys create NAME, keys list, or keys revoke NAME.");
  }
}

function keyTable(rows: readonly ApiKeyRow[]): string {
  return table(
    ["ID", "NAME", "CREATED", "LAST USED", "STATE"],
    rows.map(({ keyId, name, createdAt, lastUsedAt, revokedAt }) => [
      keyId,
      name,
      toMinute(createdAt),
      lastUsedAt === null ? "never" : toMinute(lastUsedAt),
      revokedAt === null ? "valid" : `revoked ${toMinute(revokedAt)}`,
    ]),
  );
}

function toMinute(at: string): string {
  return `${at.slice(0, 16)}Z`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
