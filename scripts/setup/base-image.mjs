import { readFileSync } from "node:fs";
import { busyboxImage, describeBusybox, findStaticBusybox } from "./busybox-image.mjs";
import { ensurePackages } from "./debian-packages.mjs";
import { callEngine, findStreamError } from "./docker-api.mjs";
import { dockerEngine } from "./docker-engine.mjs";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { modernEngine } from "./modern-engine.mjs";
import { findCommand } from "./platform.mjs";
import { loopbackRegistry } from "./registry.mjs";
import { useShared } from "./shared-process.mjs";
import { forgetFailure, recallFailure, rememberFailure } from "./tool-cache.mjs";

const PULLED = "busybox:stable";
const REPOSITORY = "nullspace/busybox";

/** Two megabytes: where this is not enough the network does not allow it. */
const PULL_TIMEOUT_MS = 15_000;
const CALL_TIMEOUT_MS = 60_000;

const FAILURE = "base-image-pull";

/** @typedef {import("./step.mjs").StepContext} StepContext */

/** @type {import("./step.mjs").Step} */
export const baseImage = {
  title: "base image",
  profiles: ["quickstart", "test", "modern", "languages", "scale"],
  needs: [dockerEngine, modernEngine],
  async run(context) {
    const { env, check, profile } = context;
    const given = env["NULLSPACE_BASE_IMAGE"];
    if (given && profile === "quickstart") return { chose: `${given}, from NULLSPACE_BASE_IMAGE` };
    if (check) return checkOnly(context);

    const registry = await startRegistry(context);
    const name = (/** @type {string} */ tag) => `${registry === undefined ? "" : `${registry}/`}${REPOSITORY}:${tag}`;
    const image = (await pullBusybox(context, name("stable"))) ?? (await makeBusybox(context, name));
    if (registry !== undefined) await push(context, registry, image.tag);
    return {
      chose: `${name(image.tag)}, ${image.how}`,
      env: {
        NULLSPACE_BASE_IMAGE: given || name(image.tag),
        ...(registry === undefined ? {} : { NULLSPACE_REGISTRY: registry }),
      },
    };
  },
};

/**
 * What can be said without an engine: whether the parts are there to make the image from.
 *
 * @param {StepContext} context
 */
async function checkOnly({ env, platform, profile }) {
  if (findStaticBusybox(env) === undefined) {
    const plan = platform.canInstallPackages ? "; set-up pulls it, or else installs busybox-static with apt-get" : "";
    throw new SetupError("NO_BASE_IMAGE", `no static busybox to make a base image from${plan}`, {
      install: installHint("busybox", platform),
    });
  }
  if (needsRegistry(profile) && findCommand("docker-registry", env) === undefined) {
    throw new SetupError("NO_REGISTRY", "docker-registry is not on PATH; the tests push to a loopback registry", {
      install: installHint("registry", platform),
    });
  }
  return { chose: "pulled, or else made from busybox, when the engine runs" };
}

/**
 * @param {StepContext} context
 * @returns {Promise<string | undefined>} its address; `undefined` where there is none and only the quickstart is wanted
 */
async function startRegistry(context) {
  const { env, platform, onStop, signal, profile, note } = context;
  if (findCommand("docker-registry", env) === undefined) {
    if (platform.canInstallPackages) await ensurePackages(["docker-registry"], context);
    else if (needsRegistry(profile)) {
      throw new SetupError("NO_REGISTRY", "docker-registry is not on PATH; the tests push to a loopback registry", {
        install: installHint("registry", platform),
      });
    } else {
      note("no docker-registry on PATH: the image stays in the engine");
      return undefined;
    }
  }
  const registry = loopbackRegistry(context);
  const use = await useShared(registry.process, { signal });
  onStop(use.release);
  return registry.address();
}

/**
 * The quickstart does without one; the tests push to it.
 *
 * @param {import("./step.mjs").Profile} profile
 */
function needsRegistry(profile) {
  return profile === "test" || profile === "scale";
}

/**
 * @param {StepContext} context
 * @param {string} name that the pulled image gets
 * @returns {Promise<{ tag: string, how: string } | undefined>} `undefined` when the network does not allow it
 */
async function pullBusybox(context, name) {
  const { cache, note } = context;
  const isHere = (await engine(context, "GET", `/images/${PULLED}/json`)).status === 200;
  if (!isHere) {
    if (recallFailure(cache, FAILURE) !== undefined) return undefined;
    const reason = await pull(context);
    if (reason !== undefined) {
      rememberFailure(cache, FAILURE, reason);
      note(`${PULLED} cannot be pulled: ${reason}`);
      return undefined;
    }
    forgetFailure(cache, FAILURE);
  }
  const [repository = "", tag = ""] = splitTag(name);
  await expectStatus(context, "POST", `/images/${PULLED}/tag?repo=${encodeURIComponent(repository)}&tag=${tag}`, 201);
  return { tag, how: isHere ? `from ${PULLED} in the engine` : `pulled as ${PULLED}` };
}

/**
 * @param {StepContext} context
 * @returns {Promise<string | undefined>} why it failed
 */
async function pull(context) {
  try {
    const answer = await engine(context, "POST", "/images/create?fromImage=busybox&tag=stable", {
      timeoutMs: PULL_TIMEOUT_MS,
    });
    return answer.status === 200 ? findStreamError(answer.text) : messageOf(answer.text);
  } catch (error) {
    context.signal?.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * @param {StepContext} context
 * @param {(tag: string) => string} name
 */
async function makeBusybox(context, name) {
  const { env, platform } = context;
  if (findStaticBusybox(env) === undefined && platform.canInstallPackages)
    await ensurePackages(["busybox-static"], context);
  const busybox = findStaticBusybox(env);
  if (busybox === undefined) {
    throw new SetupError(
      "NO_BASE_IMAGE",
      `${PULLED} cannot be pulled, and there is no static busybox to make an image from`,
      {
        install: installHint("busybox", platform),
      },
    );
  }
  const { version, applets } = await describeBusybox(busybox, env);
  const archive = busyboxImage({ program: readFileSync(busybox), applets, name: name(version), arch: platform.arch });
  const answer = await engine(context, "POST", "/images/load?quiet=1", {
    body: archive,
    headers: { "content-type": "application/x-tar" },
  });
  const reason = answer.status === 200 ? findStreamError(answer.text) : messageOf(answer.text);
  if (reason !== undefined)
    throw new SetupError("IMAGE_NOT_LOADED", `the engine does not load the image of ${busybox}: ${reason}`);
  return { tag: version, how: `made from ${busybox}` };
}

/**
 * @param {StepContext} context
 * @param {string} registry
 * @param {string} tag
 */
async function push(context, registry, tag) {
  // The engine wants the header even where nobody asks for a password: {} in base64.
  const headers = { "x-registry-auth": "e30=" };
  const answer = await engine(context, "POST", `/images/${registry}/${REPOSITORY}/push?tag=${tag}`, { headers });
  const reason = answer.status === 200 ? findStreamError(answer.text) : messageOf(answer.text);
  if (reason === undefined) return;
  throw new SetupError("IMAGE_NOT_PUSHED", `the engine cannot push to the registry at ${registry}: ${reason}`, {
    install: `use an engine on this machine: the one at ${context.env["DOCKER_HOST"]} does not reach its loopback interface`,
  });
}

/**
 * @param {StepContext} context
 * @param {string} method
 * @param {string} path
 * @param {{ timeoutMs?: number, body?: Buffer, headers?: Record<string, string> }} [options]
 */
function engine({ env, signal }, method, path, { timeoutMs = CALL_TIMEOUT_MS, body, headers } = {}) {
  const host = env["DOCKER_HOST"];
  if (!host) throw new TypeError("the engine's step comes first");
  return callEngine(host, path, { env, method, timeoutMs, signal, body, headers });
}

/**
 * @param {StepContext} context
 * @param {string} method
 * @param {string} path
 * @param {number} status
 */
async function expectStatus(context, method, path, status) {
  const answer = await engine(context, method, path);
  if (answer.status !== status) {
    throw new SetupError(
      "ENGINE_REFUSED",
      `${method} ${path} was answered with ${answer.status}: ${messageOf(answer.text)}`,
    );
  }
}

/** @param {string} text */
function messageOf(text) {
  try {
    return String(JSON.parse(text).message);
  } catch {
    return text.trim(); // Not every proxy answers in JSON.
  }
}

/** @param {string} name with a tag: the colon after the last slash */
function splitTag(name) {
  const colon = name.lastIndexOf(":");
  return [name.slice(0, colon), name.slice(colon + 1)];
}
