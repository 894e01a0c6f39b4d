import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Makes `ca.pem`, and `server.pem`, `server-key.pem`, `client.pem`, `client-key.pem` signed by it, for 127.0.0.1. */
export async function makeCertificates(dir: string): Promise<void> {
  const openssl = (...args: string[]) => promisify(execFile)("openssl", args, { cwd: dir });
  const key = ["-newkey", "rsa:2048", "-nodes"];
  await openssl("req", "-x509", ...key, "-days", "2", "-subj", "/CN=ca", "-keyout", "ca-key.pem", "-out", "ca.pem");
  await writeFile(join(dir, "san"), "subjectAltName=IP:127.0.0.1");
  for (const name of ["server", "client"]) {
    await openssl("req", ...key, "-subj", `/CN=${name}`, "-keyout", `${name}-key.pem`, "-out", `${name}.csr`);
    const ca = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2", "-extfile", "san"];
    await openssl("x509", "-req", "-in", `${name}.csr`, ...ca, "-out", `${name}.pem`);
  }
}
