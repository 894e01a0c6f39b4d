import { createHash, timingSafeEqual } from "node:crypto";
import { UnauthorizedError } from "../errors.ts";

/** Checks an `Authorization` header; throws when it does not carry the key. */
export type Authenticate = (authorization: string | undefined) => void;

/**
 * A check for one bearer key.
 *
 * Both sides are hashed first, so that the comparison takes the same time whatever the length or the content given.
 */
export function bearerAuth(apiKey: string): Authenticate {
  const expected = digest(apiKey);
  return (authorization) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (given === undefined) {
      throw new UnauthorizedError("This call needs an API key.", {
        suggestedAction: "Send the header `Authorization: Bearer <key>`; set NULLSPACE_API_KEY for the tools.",
      });
    }
    if (!timingSafeEqual(digest(given), expected)) {
      throw new UnauthorizedError("The API key is not the key of this service.", {
        suggestedAction: "Set NULLSPACE_API_KEY to the key that `nullspace-local serve` printed at its start.",
      });
    }
  };
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
