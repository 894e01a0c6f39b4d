import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { EngineTls } from "./engine-tls.ts";
import { DockerOptionError } from "./errors.ts";

/** An engine as `docker context` describes it. */
export interface DockerContextEndpoint {
  host: string;
  tls?: EngineTls;
}

/** The context that stands for "what the environment says". */
const DEFAULT_CONTEXT = "default";

const Meta = z.looseObject({
  Endpoints: z.looseObject({
    docker: z.looseObject({ Host: z.string().min(1), SkipTLSVerify: z.boolean().optional() }),
  }),
});

/**
 * The engine of the context of this name (docker/cli, cli/context/store): in Docker's configuration folder its facts lie
 * under the SHA-256 of the name, its TLS files in a tree beside them.
 *
 * @returns `undefined` when that is the default context
 * @throws DockerOptionError when there is no such context, or it names no engine
 */
export function readDockerContext(configDir: string, name: string): DockerContextEndpoint | undefined {
  if (name === DEFAULT_CONTEXT) return undefined;
  const id = createHash("sha256").update(name).digest("hex");
  const file = join(configDir, "contexts", "meta", id, "meta.json");
  const meta = Meta.safeParse(parseJson(readFacts(file, name, configDir), file));
  if (!meta.success)
    throw new DockerOptionError("context", `The Docker context ${JSON.stringify(name)} names no engine (${file}).`);
  const { Host, SkipTLSVerify = false } = meta.data.Endpoints.docker;
  const tlsDir = join(configDir, "contexts", "tls", id, "docker");
  if (!existsSync(tlsDir)) return { host: Host };
  const pem = (one: string) =>
    existsSync(join(tlsDir, one)) ? { [one.slice(0, -4)]: readFileSync(join(tlsDir, one)) } : {};
  return {
    host: Host,
    tls: { ...pem("ca.pem"), ...pem("cert.pem"), ...pem("key.pem"), rejectUnauthorized: !SkipTLSVerify },
  };
}

function readFacts(file: string, name: string, configDir: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const message = `There is no Docker context ${JSON.stringify(name)} in ${configDir}. See docker context ls.`;
    throw new DockerOptionError("context", message, cause);
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DockerOptionError("context", `${file} is not JSON. Correct it, or remove it.`);
  }
}
