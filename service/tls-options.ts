/** Files of a service that speaks HTTPS, in PEM form. */
export interface TlsFiles {
  /** Path of the certificate, and of those that it is issued by, one after the other. */
  certFile: string;
  /** Path of its private key. */
  keyFile: string;
}
