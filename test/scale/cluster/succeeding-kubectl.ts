import { expect } from "vitest";
import type { Cluster } from "./cluster.ts";

/** Runs kubectl, which has to end well. @param input what it reads @returns what it prints */
export async function succeedingKubectl(cluster: Cluster, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args, input === undefined ? {} : { input });
  expect(stderr + String(code)).toMatch(/0$/);
  return stdout;
}
