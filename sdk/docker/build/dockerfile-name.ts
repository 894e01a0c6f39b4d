/**
 * What a Dockerfile is called in the folder of its own through which BuildKit fetches it.
 *
 * @param path in the context, or the name under which one from outside is put into an archive
 */
export function nameInFolder(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
