import {
  FileInfo,
  FilePathRequest,
  FilePermissionsRequest,
  ListFilesQuery,
  ReadFileAnswer,
  ReadFileRequest,
  RenameFileRequest,
  WriteFileRequest,
} from "pulumi-nullspace/wire";
import { PassThrough, type Readable } from "node:stream";
import { once } from "node:events";
import type { FastifyReply } from "fastify";
import * as z from "zod";
import { asError, InvalidRequestError } from "../../errors.ts";
import * as files from "../../fleet/machines/files.ts";
import type { GuestAccess } from "../../fleet/machines/guest-access.ts";
import { bodyErrorResponses, errorResponses, type ErrorStatus } from "../error-responses.ts";
import { requestSignal } from "../request-signal.ts";
import type { ServiceApp } from "../service-app.ts";

const Params = z.object({ id: z.string().min(1) });
const FileQuery = FilePathRequest.extend({ user: FilePathRequest.shape.path.optional() });
const Nothing = z.null().describe("Done");

/** In base64, and JSON around it. */
const MAX_FILE_BODY_BYTES = Math.ceil((files.MAX_TEXT_FILE_BYTES * 4) / 3) + 64 * 1024;

const Octets = z.unknown().optional().meta({ type: "string", format: "binary", description: "The file's bytes" });

/** What work on a file may meet beside what any call may. */
const FILE_ERRORS: readonly ErrorStatus[] = [404, 409, 501, 502, 504];

/** What the calls on files need. */
export interface MachineFileRouteOptions {
  access: GuestAccess;
  stopping: AbortSignal;
  /** Where machines are served. */
  path: string;
}

/** Files of machines: read, write, list, tell, make, move, remove. */
export function registerMachineFileRoutes(app: ServiceApp, { access, stopping, path }: MachineFileRouteOptions): void {
  const one = { tags: ["files"], params: Params };
  const target = (id: string, asked: { path: string; user?: string | null | undefined }, reply: FastifyReply) => ({
    machineId: id,
    path: asked.path,
    user: asked.user ?? undefined,
    signal: requestSignal(reply, stopping),
  });

  app.get(
    `${path}/:id/files`,
    {
      schema: {
        ...one,
        operationId: "listMachineFiles",
        summary: "What is in a folder",
        querystring: ListFilesQuery,
        response: { 200: z.array(FileInfo), ...errorResponses(...FILE_ERRORS) },
      },
    },
    async ({ params, query }, reply) =>
      files.listFiles(access, target(params.id, { path: "/", ...query }, reply), query.depth ?? 1),
  );

  app.post(
    `${path}/:id/files/read`,
    {
      schema: {
        ...one,
        operationId: "readMachineFile",
        summary: "The content of a file, up to 32 MiB",
        body: ReadFileRequest,
        response: { 200: ReadFileAnswer, ...bodyErrorResponses(...FILE_ERRORS) },
      },
    },
    async ({ params, body }, reply) => {
      const file = target(params.id, body, reply);
      if (body.encoding === "base64") {
        const content = await files.readFile(access, file);
        return { content: content.toString("base64"), encoding: "base64" as const, size: content.length };
      }
      const content = await files.readTextFile(access, file);
      return { content, encoding: "utf8" as const, size: Buffer.byteLength(content) };
    },
  );

  app.post(
    `${path}/:id/files/write`,
    {
      bodyLimit: MAX_FILE_BODY_BYTES,
      schema: {
        ...one,
        operationId: "writeMachineFile",
        summary: "Write a file, with the folders on the way to it",
        body: WriteFileRequest,
        response: { 200: FileInfo, ...bodyErrorResponses(...FILE_ERRORS) },
      },
    },
    async ({ params, body }, reply) => files.writeFile(access, target(params.id, body, reply), contentOf(body)),
  );

  const post = (name: string, operationId: string, summary: string) =>
    [`${path}/:id/files/${name}`, { ...one, operationId, summary }] as const;

  const [existsPath, exists] = post("exists", "checkMachineFile", "Whether a file or folder is there");
  app.post(
    existsPath,
    {
      schema: {
        ...exists,
        body: FilePathRequest,
        response: { 200: z.object({ exists: z.boolean() }), ...bodyErrorResponses(...FILE_ERRORS) },
      },
    },
    async ({ params, body }, reply) => ({ exists: await files.fileExists(access, target(params.id, body, reply)) }),
  );

  const [infoPath, info] = post("info", "getMachineFile", "Size, permissions and times of a file or folder");
  app.post(
    infoPath,
    { schema: { ...info, body: FilePathRequest, response: { 200: FileInfo, ...bodyErrorResponses(...FILE_ERRORS) } } },
    async ({ params, body }, reply) => files.fileInfo(access, target(params.id, body, reply)),
  );

  const [mkdirPath, mkdir] = post("mkdir", "makeMachineFolder", "Make a folder, with those on the way to it");
  app.post(
    mkdirPath,
    { schema: { ...mkdir, body: FilePathRequest, response: { 204: Nothing, ...bodyErrorResponses(...FILE_ERRORS) } } },
    async ({ params, body }, reply) => {
      await files.makeFolder(access, target(params.id, body, reply));
      return reply.status(204).send(null);
    },
  );

  const [removePath, remove] = post("remove", "removeMachineFile", "Remove a file, or a folder with all in it");
  app.post(
    removePath,
    { schema: { ...remove, body: FilePathRequest, response: { 204: Nothing, ...bodyErrorResponses(...FILE_ERRORS) } } },
    async ({ params, body }, reply) => {
      await files.removeFile(access, target(params.id, body, reply));
      return reply.status(204).send(null);
    },
  );

  const [renamePath, rename] = post("rename", "renameMachineFile", "Move a file or folder");
  app.post(
    renamePath,
    {
      schema: {
        ...rename,
        body: RenameFileRequest,
        response: { 200: FileInfo, ...bodyErrorResponses(...FILE_ERRORS) },
      },
    },
    async ({ params, body }, reply) => {
      const { old_path: oldPath, new_path: newPath, user } = body;
      return files.renameFile(access, target(params.id, { path: oldPath, user }, reply), newPath);
    },
  );

  const [modePath, mode] = post("permissions", "setMachineFilePermissions", "Set the permissions of a file");
  app.post(
    modePath,
    {
      schema: {
        ...mode,
        body: FilePermissionsRequest,
        response: { 204: Nothing, ...bodyErrorResponses(...FILE_ERRORS) },
      },
    },
    async ({ params, body }, reply) => {
      await files.setFileMode(access, target(params.id, body, reply), body.permissions);
      return reply.status(204).send(null);
    },
  );

  app.get(
    `${path}/:id/file`,
    {
      schema: {
        ...one,
        operationId: "downloadMachineFile",
        summary: "The bytes of a file of any size",
        querystring: FileQuery,
        response: {
          200: { description: "The file's bytes", content: { "application/octet-stream": { schema: Octets } } },
          ...errorResponses(...FILE_ERRORS),
        },
      },
    },
    async ({ params, query }, reply) => {
      const bytes = await startReading((take) => files.streamFile(access, target(params.id, query, reply), take));
      return reply.type("application/octet-stream").send(bytes);
    },
  );

  // In a scope of its own: here any body is bytes that are streamed on, whatever their type says.
  void app.register(async (scope: ServiceApp) => {
    const bodyLimit = files.MAX_STREAMED_FILE_BYTES;
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { bodyLimit }, (_request, payload, done) => done(null, payload));
    scope.put(
      `${path}/:id/file`,
      {
        bodyLimit,
        schema: {
          ...one,
          operationId: "uploadMachineFile",
          summary: "Write the bytes of a file",
          consumes: ["application/octet-stream"],
          querystring: FileQuery,
          body: Octets,
          response: { 204: Nothing, ...errorResponses(413, ...FILE_ERRORS) },
        },
      },
      async (request, reply) => {
        // Without a content type there is no parser to hand the body over.
        const body = (request.body as Readable | undefined) ?? request.raw;
        try {
          await files.writeFile(access, target(request.params.id, request.query, reply), body);
        } catch (error) {
          // The rest of the body is not read: another request on this connection would begin in the middle of it.
          if (!request.raw.complete) void reply.header("connection", "close");
          throw error;
        }
        return reply.status(204).send(null);
      },
    );
  });
}

function contentOf({ content, encoding }: WriteFileRequest): Buffer {
  if (encoding !== "base64") return Buffer.from(content, "utf8");
  const bytes = Buffer.from(content, "base64");
  // Node passes over what is not base64.
  if (bytes.toString("base64").replace(/=+$/, "") === content.replace(/=+$/, "")) return bytes;
  throw new InvalidRequestError("content: is not base64.");
}

/**
 * The bytes that `read` hands out, as a stream that holds only a few of them. What goes wrong before the first is thrown;
 * later it cuts the stream off.
 */
async function startReading(read: (take: (data: Buffer) => Promise<void>) => Promise<void>): Promise<Readable> {
  const bytes = new PassThrough();
  const begun = Promise.withResolvers<void>();
  let isBegun = false;
  read(async (data) => {
    isBegun = true;
    begun.resolve();
    // A copy: what is handed out is a view that does not last.
    if (!bytes.write(Buffer.from(data)) && !bytes.destroyed) {
      await Promise.race([once(bytes, "drain"), once(bytes, "close")]);
    }
    if (bytes.destroyed) throw new Error("the caller hung up");
  }).then(
    () => {
      begun.resolve();
      bytes.end();
    },
    (error: unknown) => {
      // Nobody listens to it before there is something to send.
      if (isBegun) bytes.destroy(asError(error));
      else begun.reject(error);
    },
  );
  await begun.promise;
  return bytes;
}
