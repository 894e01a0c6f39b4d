import { request } from "undici";

/** Whether a status says that a server is up. */
export function isGoodStatus(status: number): boolean {
  return status >= 200 && status < 400;
}

/** The status that a URL answers; its body is thrown away. @param signal ends the wait for head and body */
export async function askHttp(url: string, signal: AbortSignal): Promise<number> {
  const { statusCode, body } = await request(url, { signal });
  await body.dump();
  return statusCode;
}
