import { columns } from "./columns.ts";
import type { Database } from "./database.ts";

/** A name of an image in a registry. */
export interface RegistryImageRow {
  templateId: string;
  /** Host, repository and tag. */
  imageRef: string;
  /** What it is pulled by, `sha256:…`. */
  manifestDigest: string;
  /** What an engine that has pulled it calls it. */
  configDigest: string;
  /** Of what a pull gets. */
  sizeBytes: number;
  /** Since when it is not wanted any more, though the registry still has it; `null`: it is wanted. */
  givenUpAt: string | null;
}

const IMAGE = columns<RegistryImageRow>({
  templateId: true,
  imageRef: true,
  manifestDigest: true,
  configDigest: true,
  sizeBytes: true,
  givenUpAt: true,
});
const SELECT = `SELECT ${IMAGE.select()} FROM registry_images`;

/** Records a name, in place of what it stood for. */
export function putRegistryImage(db: Database, image: RegistryImageRow): void {
  db.run(`INSERT OR REPLACE INTO registry_images ${IMAGE.values()}`, IMAGE.binds(image));
}

/** The name of an artifact. */
export function registryImage(db: Database, templateId: string): RegistryImageRow | undefined {
  return db.get<RegistryImageRow>(`${SELECT} WHERE template_id = ?`, [templateId]);
}

/** The artifacts that have a name. */
export function registryTemplateIds(db: Database): string[] {
  return db.all<{ id: string }>("SELECT template_id AS id FROM registry_images").map(({ id }) => id);
}

/** How many names that are wanted an image has. @param besides is not counted */
export function countRegistryNames(db: Database, manifestDigest: string, besides = ""): number {
  return (
    db.get<{ count: number }>(
      `SELECT count(*) AS count FROM registry_images
       WHERE manifest_digest = ? AND template_id <> ? AND given_up_at IS NULL`,
      [manifestDigest, besides],
    )?.count ?? 0
  );
}

/** A name is not wanted any more. */
export function giveUpRegistryImage(db: Database, templateId: string, at: string): void {
  db.run("UPDATE registry_images SET given_up_at = ? WHERE template_id = ?", [at, templateId]);
}

/** A name is gone from the registry. */
export function forgetRegistryImage(db: Database, templateId: string): void {
  db.run("DELETE FROM registry_images WHERE template_id = ?", [templateId]);
}

/** An image is gone from the registry, with all of its names. */
export function forgetRegistryDigest(db: Database, manifestDigest: string): void {
  db.run("DELETE FROM registry_images WHERE manifest_digest = ?", [manifestDigest]);
}
