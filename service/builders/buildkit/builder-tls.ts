import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { BuildKitDaemon } from "pulumi-nullspace/docker";
import { asError, StartupError } from "../../errors.ts";
import type { BuilderTlsFiles } from "../../parts/buildkit-options.ts";

type Tls = NonNullable<BuildKitDaemon["tls"]>;

/** Certificates of connections to builders. Their files are read for each connection, so that renewed ones are used at once. */
export class BuilderTls {
  readonly #files: BuilderTlsFiles;
  #usable: Tls;

  /** @throws StartupError when a file cannot be read, or the certificate and the key do not belong together */
  constructor(files: BuilderTlsFiles) {
    this.#files = files;
    const tls = readAll(files);
    try {
      createSecureContext(tls);
    } catch (error) {
      const named = Object.values(files).join(", ");
      const message = `The files for connections to builders (${named}) cannot be used: ${asError(error).message}`;
      throw new StartupError(message, "builder_tls_unusable", error);
    }
    this.#usable = tls;
  }

  /** What the next connection is made with. While the files do not fit, as between the change of one and of the other: the last that did. */
  get current(): Tls {
    try {
      const tls = readAll(this.#files);
      createSecureContext(tls);
      this.#usable = tls;
    } catch {
      // Said by the builder, if the old ones are no good any more.
    }
    return this.#usable;
  }
}

function readAll({ caFile, certFile, keyFile }: BuilderTlsFiles): Tls {
  return {
    ...(caFile !== undefined && { ca: readPem(caFile) }),
    ...(certFile !== undefined && { cert: readPem(certFile) }),
    ...(keyFile !== undefined && { key: readPem(keyFile) }),
  };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new StartupError(
      `The file ${file} for connections to builders cannot be read: ${asError(error).message}`,
      "builder_tls_unreadable",
      error,
    );
  }
}
