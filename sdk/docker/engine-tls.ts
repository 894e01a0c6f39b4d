import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DockerOptionError } from "./errors.ts";

/** PEM texts for a TLS connection to an engine. */
export interface EngineTls {
  /** Certificate authority that the engine's certificate must lead to; the system's own when absent. */
  ca?: string | Buffer;
  /** Client certificate. */
  cert?: string | Buffer;
  /** Key of the client certificate. */
  key?: string | Buffer;
  /**
   * Whether the engine's certificate is checked.
   *
   * @default true
   */
  rejectUnauthorized?: boolean;
}

/**
 * Reads `ca.pem`, `cert.pem` and `key.pem` of a folder such as DOCKER_CERT_PATH names.
 *
 * @param verify whether the engine's certificate is checked against `ca.pem`
 */
export function readTlsFolder(folder: string, verify: boolean): EngineTls {
  const read = (name: string) => {
    try {
      return readFileSync(join(folder, name));
    } catch (cause) {
      throw new DockerOptionError(
        "tls",
        `Cannot read ${name} of the TLS folder ${folder}. DOCKER_CERT_PATH must hold ca.pem, cert.pem and key.pem.`,
        cause,
      );
    }
  };
  return {
    cert: read("cert.pem"),
    key: read("key.pem"),
    ...(verify ? { ca: read("ca.pem") } : {}),
    rejectUnauthorized: verify,
  };
}
