import { NotReady, ServiceReadiness } from "pulumi-nullspace/wire";
import * as z from "zod";

const Answer = z.union([ServiceReadiness, NotReady]);

/** A service that does not answer within this time is not ready either. */
const ANSWER_MS = 10_000;

/** What `/readyz` says; `undefined` where the service has no such call. Ask whether it is reached before. */
export async function readReadiness(
  baseUrl: string,
): Promise<{ status: "ready" | "not_ready"; checks: ServiceReadiness["checks"] } | undefined> {
  const answer = await fetch(`${baseUrl}/readyz`, { redirect: "error", signal: AbortSignal.timeout(ANSWER_MS) });
  const text = await answer.text();
  if (answer.status !== 200 && answer.status !== 503) return undefined;
  const { success, data } = Answer.safeParse(JSON.parse(text));
  return success ? { status: data.status, checks: data.checks } : undefined;
}
