import type { Caller } from "../caller.ts";
import { UnauthorizedError } from "../errors.ts";
import type { KeyRing } from "../keys/key-ring.ts";

/** Reads the bearer key of an `Authorization` header. @returns whose it is @throws UnauthorizedError */
export function authenticate(keys: KeyRing, authorization: string | undefined): Caller {
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (given === undefined) {
    throw new UnauthorizedError("This call needs an API key.", {
      suggestedAction: "Send the header `Authorization: Bearer <key>`; set NULLSPACE_API_KEY for the tools.",
    });
  }
  const caller = keys.find(given);
  if (caller === undefined) {
    throw new UnauthorizedError("The API key is not a key of this service, or was revoked.", {
      suggestedAction:
        "Set NULLSPACE_API_KEY to a key of this service; `nullspace-local keys create NAME` makes one and prints it.",
    });
  }
  return caller;
}
