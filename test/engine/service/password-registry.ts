import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import { parseImageRef } from "../../../sdk/docker/index.ts";

/** A registry that wants a password. */
export interface PasswordRegistry extends AsyncDisposable {
  /** Host and port, as a Dockerfile writes them. */
  host: string;
  /** The image under the name that it has there. */
  image: string;
}

/**
 * The registry of an image behind a password, on a loopback port, which engines take without TLS.
 *
 * @param image one that can be pulled without a password from where it is
 */
export async function startPasswordRegistry(
  image: string,
  { username, password }: { username: string; password: string },
): Promise<PasswordRegistry> {
  const { registry, repository, tag } = parseImageRef(image);
  const [hostname = "", port = "80"] = registry.split(":");
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const server = createServer((incoming, answer) => {
    if (incoming.headers.authorization !== expected) {
      answer.writeHead(401, { "www-authenticate": 'Basic realm="private"', "content-type": "application/json" });
      answer.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
      return;
    }
    const onward = forward(
      { hostname, port, path: incoming.url, method: incoming.method, headers: { accept: incoming.headers.accept } },
      (reply) => {
        answer.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(answer);
      },
    );
    onward.once("error", () => answer.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    image: `${host}/${repository}:${tag}`,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
