/** A Dockerfile holds something that decides about the rest of it, and that cannot be read. Never leaves this folder. */
export class UnreadableDockerfile extends Error {}

/** @throws UnreadableDockerfile */
export function unreadable(): never {
  throw new UnreadableDockerfile();
}
