import { existsSync, readFileSync } from "node:fs";
import { describeFailure, runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { findCommand } from "./platform.mjs";

/** Subnets to choose from: 10.213.0.0/24 to 10.213.255.0/24. */
const FIRST_BYTES = "10.213";

/**
 * Makes a network bridge with a subnet that no route of this machine overlaps; one of that name is made again.
 *
 * @param {string} name
 * @param {{ env: NodeJS.ProcessEnv, signal?: AbortSignal | undefined }} options
 */
export async function addBridge(name, { env, signal }) {
  await removeBridge(name, { env });
  const third = freeSubnet(readFileSync("/proc/net/route", "utf8"));
  if (third === undefined) {
    throw new SetupError("NO_FREE_SUBNET", `every subnet of ${FIRST_BYTES}.0.0/16 is routed already`, {
      install: "start a Docker Engine by hand and set DOCKER_HOST",
    });
  }
  await ip(["link", "add", "name", name, "type", "bridge"], { env, signal });
  await ip(["addr", "add", `${FIRST_BYTES}.${third}.1/24`, "dev", name], { env, signal });
  await ip(["link", "set", "dev", name, "up"], { env, signal });
}

/**
 * @param {string} name
 * @param {{ env: NodeJS.ProcessEnv }} options
 */
export async function removeBridge(name, { env }) {
  if (existsSync(`/sys/class/net/${name}`)) await ip(["link", "del", "dev", name], { env });
}

/**
 * The lowest third byte whose subnet no route overlaps.
 *
 * @param {string} routes content of /proc/net/route: destination and mask as hexadecimal numbers in the byte order of
 *   the machine, which is little-endian on every platform that set-up starts an engine on
 * @returns {number | undefined}
 */
export function freeSubnet(routes) {
  const taken = routes
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))
    .filter((fields) => fields.length > 7)
    .map((fields) => ({ destination: readAddress(fields[1] ?? ""), mask: readAddress(fields[7] ?? "") }))
    // The default route covers every address and takes none.
    .filter(({ mask }) => mask !== 0);
  for (let third = 0; third < 256; third++) {
    const subnet = ((10 << 24) | (213 << 16) | (third << 8)) >>> 0;
    const overlaps = taken.some(({ destination, mask }) => {
      const common = (mask & 0xffffff00) >>> 0;
      return (destination & common) >>> 0 === (subnet & common) >>> 0;
    });
    if (!overlaps) return third;
  }
  return undefined;
}

/** @param {string} hex eight digits, lowest byte first */
function readAddress(hex) {
  return Buffer.from(hex, "hex").reverse().readUInt32BE(0);
}

/**
 * @param {readonly string[]} args
 * @param {{ env: NodeJS.ProcessEnv, signal?: AbortSignal | undefined }} options
 */
async function ip(args, { env, signal }) {
  const command = findCommand("ip", env);
  if (command === undefined) {
    throw new SetupError(
      "NO_IP_COMMAND",
      "the command ip is not on PATH: the private engine's network bridge cannot be made",
      {
        install: "apt-get install iproute2, or iproute2 from your distribution",
      },
    );
  }
  const result = await runCommand(command, args, { env, timeoutMs: 30_000, signal });
  if (result.code !== 0) {
    throw new SetupError("NO_BRIDGE", `ip ${args.join(" ")} failed: ${describeFailure(result)}`, {
      install: "this kernel or container does not allow it: start a Docker Engine by hand and set DOCKER_HOST",
    });
  }
}
