import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { join } from "node:path";
import { LONGEST_SOCKET_PATH_BYTES } from "./tool-cache.mjs";

/** No answer of the engine that set-up asks for is larger. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {http.IncomingHttpHeaders} headers
 * @property {string} text
 */

/**
 * One call to a Docker Engine, over the socket or address of `host` (the forms of DOCKER_HOST but ssh://).
 *
 * @param {string} host `unix:///path`, `tcp://host:port`, `http://…`, `https://…`
 * @param {string} path e.g. `/_ping`
 * @param {{ env: NodeJS.ProcessEnv, method?: string, headers?: Record<string, string>, body?: Buffer | undefined,
 *   timeoutMs: number, signal?: AbortSignal | undefined }} options `timeoutMs` bounds the whole call
 * @returns {Promise<Answer>}
 */
export function callEngine(host, path, { env, method = "GET", headers = {}, body, timeoutMs, signal }) {
  const { module, options } = target(host, env);
  const patience = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const request = module.request(
      {
        ...options,
        path,
        method,
        headers: { ...headers, host: "docker", "content-length": String(body?.length ?? 0) },
        // Its own connection: set-up makes few calls, and a kept one would keep the process alive.
        agent: false,
        signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
      },
      (response) => {
        /** @type {Buffer[]} */
        const chunks = [];
        let bytes = 0;
        response.on("data", (/** @type {Buffer} */ chunk) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES)
            response.destroy(new Error(`${path} answered more than ${MAX_ANSWER_BYTES} bytes`));
        });
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/**
 * @param {string} host
 * @param {NodeJS.ProcessEnv} env
 */
function target(host, env) {
  // Not a URL: what follows is the path as it is, with spaces, `%`, `#` and `?`.
  if (host.startsWith("unix://")) {
    const socketPath = host.slice("unix://".length);
    if (Buffer.byteLength(socketPath) > LONGEST_SOCKET_PATH_BYTES) {
      throw new Error(
        `the path of the socket has more than ${LONGEST_SOCKET_PATH_BYTES} bytes, which the system does not open: ` +
          "name it through a short link to its folder",
      );
    }
    return { module: http, options: { socketPath } };
  }
  const url = new URL(host);
  if (!["tcp:", "http:", "https:"].includes(url.protocol)) {
    throw new Error(`${url.protocol}// is not spoken here, only unix://, tcp://, http:// and https://`);
  }
  const isTls = url.protocol === "https:" || (url.protocol === "tcp:" && (env["DOCKER_TLS_VERIFY"] ?? "") !== "");
  const address = { host: url.hostname, port: url.port || (isTls ? "2376" : "2375") };
  if (!isTls) return { module: http, options: address };
  const folder = env["DOCKER_CERT_PATH"];
  const read = (/** @type {string} */ name) => (folder ? readFileSync(join(folder, name)) : undefined);
  return { module: https, options: { ...address, ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") } };
}

/**
 * Asks an engine whether it is there.
 *
 * @param {string} host
 * @param {NodeJS.ProcessEnv} env
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ isUp: true, version: string, apiVersion: string } | { isUp: false, reason: string }>}
 */
export async function pingEngine(host, env, signal) {
  try {
    const answer = await callEngine(host, "/version", { env, timeoutMs: 5_000, signal });
    if (answer.status !== 200) return { isUp: false, reason: `it answers with status ${answer.status}` };
    const version = JSON.parse(answer.text);
    return { isUp: true, version: String(version.Version), apiVersion: String(version.ApiVersion) };
  } catch (error) {
    signal?.throwIfAborted();
    return { isUp: false, reason: error instanceof Error ? error.message || error.name : String(error) };
  }
}

/**
 * The error that a stream of progress records ends with, if any: the engine tells it inside a 200.
 *
 * @param {string} text JSON records, one a line
 * @returns {string | undefined}
 */
export function findStreamError(text) {
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const record = JSON.parse(line);
    if (typeof record.error === "string") return record.error;
  }
  return undefined;
}
