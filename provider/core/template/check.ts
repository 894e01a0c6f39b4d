import { unsupportedKindName } from "../../../sdk/context/entry.ts";
import { fillName } from "../autoname.ts";
import { checkInputs } from "../check-inputs.ts";
import type { CheckRequest } from "../controller.ts";
import type { CheckResult, Properties } from "../properties.ts";
import type { OperationContext } from "../operation-context.ts";
import { formatPropertyPath } from "../property-path.ts";
import { UNKNOWN } from "../unknown.ts";
import { noteComputedHash } from "./hash-truth.ts";
import { TemplateInputs } from "./inputs.ts";
import { checkSource, isContextUnknown } from "./source-kind.ts";
import { RecentReadings, type Reading } from "./recent-readings.ts";
import {
  contextKey,
  findMissingFiles,
  readTemplateFiles,
  toCheckFailure,
  type ContextInputs,
  type TemplateFiles,
} from "./template-context.ts";

/** Entries that a warning names; the rest is a number. */
const MOST_NAMED = 5;

/** Validates the inputs and fills in the hash and the manifest of the build context. */
export async function checkTemplate({ olds, news }: CheckRequest, context: OperationContext): Promise<CheckResult> {
  const checked = checkInputs(TemplateInputs, news);
  const { inputs, failures } = checked;
  fillName(checked, { schema: TemplateInputs.shape.name, olds }, context.naming);
  failures.push(...checkSource(inputs));
  if (failures.length > 0) return { inputs, failures };
  warnOfSecretArguments(context);
  if (inputs.contextHash !== undefined) {
    // Given by the program, or put back by ignoreChanges: the files are not looked at, so the manifest stays as it was.
    const unmoved = olds !== undefined && olds.contextHash === inputs.contextHash;
    if (unmoved && olds.contextFiles !== undefined) inputs.contextFiles = olds.contextFiles;
    return { inputs, failures };
  }
  if (isContextUnknown(inputs)) {
    return { inputs: { ...inputs, contextHash: UNKNOWN, contextFiles: UNKNOWN }, failures };
  }
  return hashContext(inputs, context);
}

/** Of this process, which serves one run. */
const readings = new RecentReadings();

/** A whole context is not kept for others: it may hold twenty thousand entries. */
function withoutContext({ hash, manifest, skippedLinks, unsupported }: TemplateFiles): Reading {
  return { hash, manifest, skippedLinks, unsupported };
}

async function hashContext(inputs: Properties, context: OperationContext): Promise<CheckResult> {
  const { cwd, signal } = context;
  const where = inputs as unknown as ContextInputs;
  const failures = await findMissingFiles(where, cwd);
  if (failures.length > 0) return { inputs, failures };
  try {
    const key = contextKey(where, cwd);
    const reading = readings.share(context.mark, key, () => readTemplateFiles(where, cwd, signal).then(withoutContext));
    const { hash, manifest, skippedLinks, unsupported } = await reading;
    noteComputedHash(hash);
    warnOfLeftOut("symbolic links", skippedLinks, context);
    const special = unsupported.map(({ path, kind }) => `${path} (${unsupportedKindName(kind)})`);
    warnOfLeftOut("sockets, named pipes and devices", special, context);
    return { inputs: { ...inputs, contextHash: hash, contextFiles: { ...manifest } }, failures };
  } catch (error) {
    if (signal.aborted) throw error;
    return { inputs, failures: [toCheckFailure(error)] };
  }
}

/** What nobody finds in the image should not be a riddle; once in a preview and once in an update. */
function warnOfLeftOut(what: string, entries: readonly string[], { declared, mark, log }: OperationContext): void {
  if (entries.length === 0 || !declared.isFirst(mark, `${what} left out`)) return;
  const more = entries.length - MOST_NAMED;
  const named = entries.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
  log("warning", `${what} in the context are left out: ${named}`);
}

/** Once in a preview and once in an update, though Check runs several times in each. */
function warnOfSecretArguments({ secretInputs, declared, mark, log }: OperationContext): void {
  const names = secretInputs.filter(([key]) => key === "buildArgs").map((path) => formatPropertyPath(path));
  if (names.length === 0 || !declared.isFirst(mark, "secret build arguments")) return;
  log(
    "warning",
    `${names.join(", ")}: a secret in a build argument can be read by everyone who has the image (docker history), and the ` +
      "service stores it. Give it as buildSecrets, and use it in the Dockerfile with RUN --mount=type=secret",
  );
}
