import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import type { ServiceError } from "@grpc/grpc-js";
import type { CheckedBuildOptions } from "../build/build-options.ts";
import type { BuildSource } from "../build/build-source.ts";
import type { DockerEngine } from "../engine.ts";
import { DockerError } from "../errors.ts";
import { clientServices, startSession } from "../session/build-session.ts";
import { fileSendService } from "../session/file-send-service.ts";
import { uploadService } from "../session/upload-service.ts";
import type { EngineTls } from "../engine-tls.ts";
import { BuildKitClient } from "./buildkit-client.ts";
import { solveRequest } from "./solve-request.ts";

/** A build on a BuildKit daemon of its own. */
export interface DirectBuild {
  engine: DockerEngine;
  address: string;
  tls?: EngineTls | undefined;
  options: CheckedBuildOptions;
  source: BuildSource;
  buildArgs: Record<string, string | null>;
  signal: AbortSignal;
}

/** Path under which the daemon asks the session for the context. */
const UPLOAD_PATH = "/context";
const CONFIG_DIGEST = "containerimage.config.digest";

/**
 * Builds on a BuildKit daemon, without an engine in between; the result is loaded into the engine unless `outputs` says
 * otherwise. What it gives are the records that an engine would give for the same build, so that one decoder reads both.
 */
export async function* directBuild(build: DirectBuild): AsyncGenerator<Buffer> {
  const { engine, options, source, signal } = build;
  await using stack = new AsyncDisposableStack();
  const client = stack.adopt(new BuildKitClient(build.address, build.tls), (one) => one.close());
  await client.connect(signal);
  const archive =
    options.outputs === undefined ? stack.adopt(new PassThrough(), (one) => void one.destroy()) : undefined;
  const session = stack.use(startSession(await services(build, archive), (headers) => client.session(headers)));
  const ref = randomBytes(16).toString("hex");
  const contextUrl = source.remote ?? `http://buildkit-session${UPLOAD_PATH}/${ref}`;
  const request = solveRequest({ ref, sessionId: session.id, options, source, contextUrl, buildArgs: build.buildArgs });
  const loading = archive && engine.images.load(archive, { signal });
  // Looked at below; until then a failure must not count as one that nobody looks at.
  loading?.catch(() => {});
  const solving = client.solve(request, signal).finally(() => archive?.end());
  solving.catch(() => {});
  let statusError: Error | undefined;
  try {
    for await (const message of client.status(ref, signal)) {
      yield record({ id: "moby.buildkit.trace", aux: message.toString("base64") });
    }
  } catch (error) {
    // A build that is refused outright has no status; what Solve says then is the reason.
    statusError = error instanceof Error ? error : new Error(String(error));
  }
  try {
    const result = await solving;
    if (statusError !== undefined) throw statusError;
    await loading;
    const imageId = result[CONFIG_DIGEST];
    if (imageId !== undefined) yield record({ id: "moby.image.id", aux: { ID: imageId } });
  } catch (error) {
    if (error instanceof DockerError || signal.aborted) throw error;
    const message = (error as Partial<ServiceError>).details ?? String(error);
    yield record({ errorDetail: { message }, error: message });
  }
}

async function services({ engine, options, source, signal }: DirectBuild, archive: PassThrough | undefined) {
  return [
    ...(await clientServices(engine, options, signal)),
    ...(source.body ? [uploadService(source.body)] : []),
    ...(archive ? [fileSendService(archive)] : []),
  ];
}

function record(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
