import { backUp } from "../backup.ts";
import { defaultDataDirectory } from "../data-directory.ts";
import { inUnits } from "./doctor/in-units.ts";
import { INTERRUPTED, interruptSignal } from "./interrupt-signal.ts";
import { UsageError } from "./usage-error.ts";

/** `backup FOLDER`: copies a data folder, also while its service runs. An interrupt leaves nothing behind. */
export async function backupCommand(words: readonly string[], { data }: { data?: string }): Promise<void> {
  const [target, ...rest] = words;
  if (target === undefined || rest.length > 0) {
    throw new UsageError("Say where the backup goes: backup FOLDER, which does not exist yet.");
  }
  using interrupted = interruptSignal();
  try {
    const backup = await backUp(data ?? defaultDataDirectory(), target, interrupted.signal);
    const { path, storeBytes, files, missingFiles } = backup;
    const missing = missingFiles === 0 ? "" : `; ${missingFiles} had gone, and will be sent again when they are needed`;
    process.stdout.write(`${path}: a store of ${inUnits(storeBytes)} and ${files} files of build contexts${missing}\n`);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    process.stderr.write("Interrupted; nothing was left behind.\n");
    process.exitCode = INTERRUPTED;
  }
}
