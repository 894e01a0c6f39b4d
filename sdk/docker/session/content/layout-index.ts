import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { type OciLayout, unlessMissing } from "./oci-layout.ts";

const Annotations = z.record(z.string(), z.string()).optional();
/** What names a blob; members that are not ours to know are kept. */
export const Descriptor = z.looseObject({
  mediaType: z.string().optional(),
  digest: z.string(),
  size: z.number(),
  annotations: Annotations,
});
export type Descriptor = z.infer<typeof Descriptor>;
const Index = z.looseObject({
  schemaVersion: z.number().default(2),
  mediaType: z.string().default("application/vnd.oci.image.index.v1+json"),
  manifests: z
    .array(Descriptor)
    .nullish()
    .transform((manifests) => manifests ?? []),
});
type Index = z.infer<typeof Index>;

/** Annotations by which entries are named: the full name of an image, and its tag (buildkit, client/ociindex). */
const IMAGE_NAME = "io.containerd.image.name";
const REF_NAME = "org.opencontainers.image.ref.name";
/** An index is replaced within milliseconds: a lock that is older is one of a process that was killed. */
const FORSAKEN_LOCK_MS = 10_000;
const LOCK_POLL_MS = 20;

/** The entry of an index that `tag` names. @throws Error when the index cannot be read */
export async function findEntry(layout: OciLayout, tag: string): Promise<Descriptor | undefined> {
  const { manifests = [] } = (await readIndex(layout)) ?? {};
  return (
    manifests.find(({ annotations }) => annotations?.[IMAGE_NAME] === tag) ??
    manifests.find(({ annotations }) => annotations?.[REF_NAME] === tag)
  );
}

/**
 * Names a manifest `tag` in a layout's index, in place of what had this name. Who reads the index meanwhile has the old one
 * or the new one; builds that write into one folder at a time come one after the other.
 */
export async function putEntry(
  layout: OciLayout,
  manifest: Descriptor,
  tag: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(layout.dir, { recursive: true });
  await using _lock = await lockIndex(layout, signal);
  const { manifests = [], ...index } = (await readIndex(layout)) ?? Index.parse({});
  const others = manifests.filter(
    ({ annotations }) => annotations?.[REF_NAME] !== tag || annotations[IMAGE_NAME] !== undefined,
  );
  const entry = { ...manifest, annotations: { ...manifest.annotations, [REF_NAME]: tag } };
  await replaceFile(join(layout.dir, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await replaceFile(indexOf(layout), JSON.stringify({ ...index, manifests: [...others, entry] }));
}

async function readIndex(layout: OciLayout): Promise<Index | undefined> {
  const text = await readFile(indexOf(layout), "utf8").catch(unlessMissing);
  if (text === undefined) return undefined;
  try {
    return Index.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${indexOf(layout)} is not the index of an OCI layout`, { cause });
  }
}

function indexOf({ dir }: OciLayout): string {
  return join(dir, "index.json");
}

async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString("hex")}.partial`;
  try {
    const file = await open(draft, "wx");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Under the name that BuildKit's own client locks. */
async function lockIndex(layout: OciLayout, signal: AbortSignal): Promise<AsyncDisposable> {
  const path = `${indexOf(layout)}.lock`;
  for (;;) {
    try {
      await (await open(path, "wx")).close();
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const there = await stat(path).catch(unlessMissing);
    if (there && Date.now() - there.mtimeMs > FORSAKEN_LOCK_MS) await rm(path, { force: true });
    else await sleep(LOCK_POLL_MS, undefined, { signal });
  }
}
