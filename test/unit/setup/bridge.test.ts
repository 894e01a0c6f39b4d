import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { freeSubnet } from "../../../scripts/setup/bridge.mjs";

const HEADER = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
const route = (destination: string, mask: string) => `eth0\t${destination}\t00000000\t0001\t0\t0\t0\t${mask}\t0\t0\t0`;
const table = (...routes: string[]) => [HEADER, ...routes, ""].join("\n");

test("the first subnet is taken when only others are routed", () => {
  // A default route, docker0 (172.17.0.0/16) and a home network (192.168.1.0/24).
  const routes = table(route("00000000", "00000000"), route("000011AC", "0000FFFF"), route("0001A8C0", "00FFFFFF"));
  expect(freeSubnet(routes)).toBe(0);
});

test("subnets that are routed, whole or in part, are passed over", () => {
  // 10.213.0.0/24, 10.213.1.128/25 and 10.213.2.7/32.
  const routes = table(route("0000D50A", "00FFFFFF"), route("8001D50A", "80FFFFFF"), route("0702D50A", "FFFFFFFF"));
  expect(freeSubnet(routes)).toBe(3);
});

test("there is none when the whole of 10.0.0.0/8 is routed", () => {
  expect(freeSubnet(table(route("0000000A", "000000FF")))).toBeUndefined();
});

test("the kernel's own table is understood", () => {
  const third = freeSubnet(readFileSync("/proc/net/route", "utf8"));
  expect(third).toBeTypeOf("number");
  const routed = execFileSync("cat", ["/proc/net/fib_trie"], { encoding: "utf8" });
  expect(routed).not.toContain(`10.213.${third}.0/24`);
});
