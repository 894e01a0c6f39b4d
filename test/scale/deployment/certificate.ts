import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes certificates of an authority of its own, whose own is `ca.pem` in `dir`. */
export async function startAuthority(dir: string): Promise<{ ca: string; sign(name: string): Promise<Certificate> }> {
  const openssl = (...args: string[]) => promisify(execFile)("openssl", args, { cwd: dir });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl("req", "-x509", ...key, "-days", "2", "-subj", "/CN=ours", "-keyout", "ca-key.pem", "-out", "ca.pem");
  return {
    ca: await readFile(join(dir, "ca.pem"), "utf8"),
    async sign(name) {
      await writeFile(join(dir, `${name}.ext`), `subjectAltName=DNS:${name}\n`);
      await openssl("req", ...key, "-subj", `/CN=${name}`, "-keyout", `${name}-key.pem`, "-out", `${name}.csr`);
      const ca = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2"];
      await openssl("x509", "-req", "-in", `${name}.csr`, ...ca, "-extfile", `${name}.ext`, "-out", `${name}.pem`);
      const read = (file: string) => readFile(join(dir, file), "utf8");
      return { cert: await read(`${name}.pem`), key: await read(`${name}-key.pem`) };
    },
  };
}
