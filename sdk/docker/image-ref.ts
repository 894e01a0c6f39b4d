import { like, show } from "../arguments/index.ts";
import { check } from "./argument-rules.ts";
import { ImageRefError } from "./errors.ts";

/** An image reference taken apart and completed as Docker completes it. */
export interface ImageRef {
  /** Registry host, with its port if it has one; `docker.io` when the text names none. */
  registry: string;
  /** Path of the repository in the registry; `library/…` for Docker Hub's official images. */
  repository: string;
  /** The tag; `latest` when the text has neither tag nor digest, `null` when it has a digest alone. */
  tag: string | null;
  /** Content digest such as `sha256:…`, or `null`. */
  digest: string | null;
}

export const DEFAULT_REGISTRY = "docker.io";
/** Docker Hub's old host name, which Docker reads as `docker.io`. */
const OLD_HUB = "index.docker.io";
const DEFAULT_TAG = "latest";
/** Length limit of the repository, `library/` included and the registry not (distribution/reference since v0.6, Docker 25). */
const MAX_REPOSITORY_CHARS = 255;

const TAG = /^[\w][\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const HEX_LENGTHS: Record<string, number> = { sha256: 64, sha384: 96, sha512: 128 };
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const DOMAIN_LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const DOMAIN = new RegExp(`^(?:${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const IMAGE_ID = /^[a-f0-9]{64}$/;

/**
 * Reads an image reference by the grammar and the defaults of Docker (distribution/reference, ParseDockerRef's
 * "familiar" names): the first component is a registry when it holds a `.` or a `:`, is `localhost`, or has an
 * upper-case letter; no registry means `docker.io`; a single component there means `library/…`.
 *
 * @throws ImageRefError saying which part is wrong
 * @example
 * ```ts
 * parseImageRef("python:3.12") // { registry: "docker.io", repository: "library/python", tag: "3.12", digest: null }
 * ```
 */
export function parseImageRef(text: string): ImageRef {
  const fail = (reason: string): never => {
    throw new ImageRefError(text, reason);
  };
  if (typeof text !== "string") throw new ImageRefError(show(text), "it is not a text");
  if (text === "") fail("it is empty");
  if (text !== text.trim() || /\s/.test(text)) fail("it contains white space");
  if (text.includes("://")) fail("a scheme does not belong in it: leave out everything before the registry's host");
  if (IMAGE_ID.test(text)) fail("64 hexadecimal digits are an image ID, not a name");

  const [named = "", digest, ...moreDigests] = text.split("@");
  if (moreDigests.length > 0) fail("it has more than one @");
  if (digest !== undefined) checkDigest(digest, fail);

  // A colon after the last slash begins the tag; one before it belongs to the registry's port.
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const name = hasTag ? named.slice(0, colon) : named;
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) {
    fail(
      tag === ""
        ? "the tag is empty"
        : `the tag ${JSON.stringify(tag)} may hold letters, digits, _ . - (128 at most), and start with none of . -`,
    );
  }

  const { registry, repository } = splitRegistry(name);
  if (!DOMAIN.test(registry)) fail(`${JSON.stringify(registry)} is not a registry host`);
  if (repository === "") fail("it names no repository");
  for (const component of repository.split("/")) {
    if (PATH_COMPONENT.test(component)) continue;
    if (component === "") fail("a part of the repository is empty");
    if (component !== component.toLowerCase())
      fail(`the repository must be lower case, ${JSON.stringify(component)} is not`);
    fail(
      `${JSON.stringify(component)} may hold lower-case letters and digits, separated by one of . or _, by __, or by dashes`,
    );
  }
  if (repository.length > MAX_REPOSITORY_CHARS) {
    fail(`the repository is longer than ${MAX_REPOSITORY_CHARS} characters`);
  }
  return { registry, repository, tag: tag ?? (digest === undefined ? DEFAULT_TAG : null), digest: digest ?? null };
}

const REF = like(
  "a reference, such as parseImageRef gives",
  ({ registry, repository }) => typeof registry === "string" && typeof repository === "string",
);

/**
 * The reference in full, such as `docker.io/library/python:3.12`.
 *
 * @example
 * ```ts
 * formatImageRef(parseImageRef("python:3.12")); // "docker.io/library/python:3.12"
 * ```
 */
export function formatImageRef(ref: ImageRef): string {
  check("formatImageRef", { ref: REF }, { ref });
  const { registry, repository, tag, digest } = ref;
  return `${registry}/${repository}${tag === null ? "" : `:${tag}`}${digest === null ? "" : `@${digest}`}`;
}

function splitRegistry(name: string): { registry: string; repository: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isRegistry = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  const registry = !isRegistry || first === OLD_HUB ? DEFAULT_REGISTRY : first;
  const rest = isRegistry ? name.slice(slash + 1) : name;
  const isOfficial = registry === DEFAULT_REGISTRY && rest !== "" && !rest.includes("/");
  return { registry, repository: isOfficial ? `library/${rest}` : rest };
}

function checkDigest(digest: string, fail: (reason: string) => never): void {
  if (!DIGEST.test(digest))
    fail(`the digest ${JSON.stringify(digest)} is not of the form sha256:<64 hexadecimal digits>`);
  const [algorithm = "", hex = ""] = digest.split(":");
  const length = HEX_LENGTHS[algorithm];
  if (length === undefined) return fail(`the digest algorithm ${JSON.stringify(algorithm)} is not supported`);
  if (hex.length !== length || hex !== hex.toLowerCase()) {
    fail(`a ${algorithm} digest has ${length} lower-case hexadecimal digits`);
  }
}
