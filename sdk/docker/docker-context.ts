import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
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
const Config = z.looseObject({ currentContext: z.string().optional() });

/**
 * The engine of the context in force, in Docker's order: DOCKER_CONTEXT, else the one that `docker context use` chose.
 *
 * @returns `undefined` when that is the default context, or none
 */
export function currentContext(
  configDir: string,
  env: Record<string, string | undefined>,
): DockerContextEndpoint | undefined {
  const name = env.DOCKER_CONTEXT || chosenContext(configDir);
  return name ? namedContext(configDir, name) : undefined;
}

/**
 * The engine of the context of this name.
 *
 * @returns `undefined` when that is the default context
 * @throws DockerOptionError when there is no such context, or it names no engine
 */
export function namedContext(configDir: string, name: string): DockerContextEndpoint | undefined {
  return name === DEFAULT_CONTEXT ? undefined : readContextEndpoint(configDir, name);
}

/**
 * Reads a context of Docker's configuration folder (docker/cli, cli/context/store): its facts lie under the SHA-256 of
 * its name, its TLS files in a tree beside them.
 */
function readContextEndpoint(configDir: string, name: string): DockerContextEndpoint {
  const id = createHash("sha256").update(name).digest("hex");
  const file = join(configDir, "contexts", "meta", id, "meta.json");
  const text = readText(
    file,
    () => `There is no Docker context ${JSON.stringify(name)} in ${configDir}. See docker context ls.`,
  );
  const meta = Meta.safeParse(parseJson(text, file));
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

function chosenContext(configDir: string): string | undefined {
  const file = join(configDir, "config.json");
  if (!existsSync(file)) return undefined;
  const config = Config.safeParse(
    parseJson(
      readText(file, () => `Cannot read ${file}.`),
      file,
    ),
  );
  return config.success ? config.data.currentContext : undefined;
}

function readText(file: string, message: () => string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new DockerOptionError("context", message(), cause);
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would quote the file, which may hold passwords.
    throw new DockerOptionError("context", `${file} is not JSON. Correct it, or remove it.`);
  }
}
