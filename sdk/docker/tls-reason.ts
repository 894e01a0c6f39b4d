/** What Node says of certificates, and servers of clients' (RFC 8446, section 6.2), in words. */
const REASONS: Record<string, string> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet, or the clock of this machine is wrong",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is from an authority that is not trusted here",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is from an authority that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate is from an authority that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is from an authority that is not trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is from an authority that is not trusted here",
  CERT_SIGNATURE_FAILURE: "its certificate is from an authority that is not trusted here",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "it requires a client certificate",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "it does not trust the authority of the client certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "it rejects the client certificate",
  ERR_SSL_TLS_ALERT_BAD_CERTIFICATE: "it rejects the client certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "the client certificate has expired",
  ERR_SSL_TLS_ALERT_CERTIFICATE_EXPIRED: "the client certificate has expired",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS",
};

/**
 * Why a TLS connection did not come about, as far as it lies in certificates.
 *
 * @returns `undefined` for everything else
 */
export function tlsReason(error: unknown): string | undefined {
  const { code, cert } = (error ?? {}) as {
    code?: string;
    cert?: { subjectaltname?: string; subject?: { CN?: string } };
  };
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `its certificate is for other names (${cert?.subjectaltname ?? cert?.subject?.CN ?? "none"})`;
  }
  return code === undefined ? undefined : REASONS[code];
}
