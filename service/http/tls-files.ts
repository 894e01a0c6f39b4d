import { X509Certificate } from "node:crypto";
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createServer, type Server } from "node:https";
import type { RequestListener, ServerOptions } from "node:http";
import { createSecureContext } from "node:tls";
import type { FastifyBaseLogger } from "fastify";
import { asError, StartupError } from "../errors.ts";
import type { TlsFiles } from "../tls-options.ts";

/** A changed file is noticed so soon. By looking at it: links that are moved, as orchestrators do, raise no event. */
const LOOK_EVERY_MS = 2_000;

/** The certificate and key of a server, read again when the files change. */
export class TlsIdentity {
  readonly #files: TlsFiles;
  readonly #log: FastifyBaseLogger;
  readonly #lookEveryMs: number;
  #pair: { cert: Buffer; key: Buffer };
  #certificate: X509Certificate;
  /** Several where a name has several addresses. */
  readonly #servers: Server[] = [];

  /** @throws StartupError `tls_unusable` when a file cannot be read, or the two do not belong together */
  constructor(files: TlsFiles, log: FastifyBaseLogger, lookEveryMs = LOOK_EVERY_MS) {
    this.#files = files;
    this.#log = log;
    this.#lookEveryMs = lookEveryMs;
    try {
      this.#pair = this.#read();
    } catch (error) {
      throw new StartupError(
        `The certificate ${files.certFile} with the key ${files.keyFile} cannot be used: ${asError(error).message}`,
        "tls_unusable",
        error,
      );
    }
    this.#certificate = new X509Certificate(this.#pair.cert);
  }

  /** The certificate that is shown now. */
  get certificate(): X509Certificate {
    return this.#certificate;
  }

  /** A server that shows the certificate, a new one to connections that are made after the files have changed. */
  createServer(options: ServerOptions, listener: RequestListener): Server {
    const server = createServer({ ...options, ...this.#pair, minVersion: "TLSv1.2" }, listener);
    if (this.#servers.length === 0) this.#watch();
    this.#servers.push(server);
    return server;
  }

  /** Looks at the files no more. */
  close(): void {
    for (const file of [this.#files.certFile, this.#files.keyFile]) unwatchFile(file, this.#reload);
  }

  #watch(): void {
    for (const file of [this.#files.certFile, this.#files.keyFile]) {
      watchFile(file, { interval: this.#lookEveryMs, persistent: false }, this.#reload);
    }
  }

  readonly #reload = (): void => {
    try {
      this.#pair = this.#read();
    } catch (error) {
      // Between the change of one file and that of the other they do not fit.
      this.#log.warn(
        { err: asError(error), ...this.#files },
        "the changed certificate cannot be used; the old one stays",
      );
      return;
    }
    this.#certificate = new X509Certificate(this.#pair.cert);
    for (const server of this.#servers) server.setSecureContext({ ...this.#pair, minVersion: "TLSv1.2" });
    this.#log.info({ validTo: this.#certificate.validTo }, "the certificate was read again");
  };

  #read(): { cert: Buffer; key: Buffer } {
    const pair = { cert: readFileSync(this.#files.certFile), key: readFileSync(this.#files.keyFile) };
    // Checks that the key is the certificate's.
    createSecureContext(pair);
    return pair;
  }
}
