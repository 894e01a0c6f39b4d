import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request that the AWS SDK made. */
export interface Asked {
  headers: IncomingHttpHeaders;
  body: string;
}

const open: (() => void)[] = [];
const { AWS_ENDPOINT_URL_ECR } = process.env;

/** Ends what {@link ecr} started: for `afterEach`. */
export function closeEcrServers(): void {
  for (const close of open.splice(0)) close();
  if (AWS_ENDPOINT_URL_ECR === undefined) delete process.env.AWS_ENDPOINT_URL_ECR;
  else process.env.AWS_ENDPOINT_URL_ECR = AWS_ENDPOINT_URL_ECR;
}

/** A server that the AWS SDK takes for ECR, until the test is over. @returns what it was asked */
export async function ecr(answer: (response: ServerResponse) => void): Promise<Asked[]> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push({ headers: request.headers, body });
      response.setHeader("content-type", "application/x-amz-json-1.1");
      answer(response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  process.env.AWS_ENDPOINT_URL_ECR = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return asked;
}

/** Answers as ECR does to keys that it takes. */
export function givePassword(response: ServerResponse, password: string): void {
  const authorizationToken = Buffer.from(`AWS:${password}`).toString("base64");
  response.end(JSON.stringify({ authorizationData: [{ authorizationToken, expiresAt: 1e9, proxyEndpoint: "x" }] }));
}

/** Answers as ECR does to keys that it does not know. */
export function refuseKeys(response: ServerResponse): void {
  response.statusCode = 400;
  response.end(JSON.stringify({ __type: "UnrecognizedClientException", message: "The security token is invalid." }));
}
