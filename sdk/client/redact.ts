/** Shorter texts occur by chance; replacing them would garble a message and hide little. */
const MIN_LENGTH = 4;

/** Takes known credentials out of a text, so that no message can carry them, even when a service echoes them. */
export function redact(text: string, credentials: readonly string[]): string {
  return credentials
    .filter((credential) => credential.length >= MIN_LENGTH)
    .reduce((clean, credential) => clean.replaceAll(credential, "[redacted]"), text);
}

/** The credentials that a request body carries by the contract: registry passwords and build secrets. */
export function credentialsIn(body: unknown): string[] {
  const found: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "string") found.push(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  if (typeof body !== "object" || body === null) return found;
  const { build_secrets, base_image_auth, registry_auth } = body as Record<string, unknown>;
  if (Array.isArray(build_secrets)) for (const secret of build_secrets) collect(secret?.value);
  for (const auth of [
    base_image_auth,
    ...(Array.isArray(registry_auth) ? registry_auth.map((one) => one?.auth) : []),
  ]) {
    if (typeof auth !== "object" || auth === null) continue;
    const { password, secret_access_key, session_token, service_account_json } = auth as Record<string, unknown>;
    [password, secret_access_key, session_token].forEach(collect);
    // Of a service account only the key is secret; its project and mail address belong in messages.
    if (typeof service_account_json === "string") found.push(service_account_json);
    else collect((service_account_json as { private_key?: unknown } | undefined)?.private_key);
  }
  return found;
}
