import * as z from "zod";
import { optionalText, optionalTime } from "./optional-members.ts";
import { openEnum } from "./open-enum.ts";
import { Word } from "./word.ts";

/** How the content of a file travels in JSON. */
export const FileEncoding = z.enum(["utf8", "base64"]);
export type FileEncoding = z.infer<typeof FileEncoding>;

const path = Word.min(1).describe("A relative one begins in the machine's cwd, the named user's home, or /workspace");
const user = Word.min(1).nullish().describe("Who does it; default the machine's user");

/** A file or folder of a machine. */
export const FilePathRequest = z.object({ path, user }).meta({ id: "FilePathRequest" });
export type FilePathRequest = z.infer<typeof FilePathRequest>;

/** A file to read. */
export const ReadFileRequest = FilePathRequest.extend({
  encoding: FileEncoding.optional().describe("Default utf8; a file that is not UTF-8 needs base64"),
}).meta({ id: "ReadFileRequest" });
export type ReadFileRequest = z.infer<typeof ReadFileRequest>;

/** What a file holds. */
export const ReadFileAnswer = z
  .looseObject({ content: z.string(), encoding: FileEncoding, size: z.int().describe("Bytes of the file") })
  .meta({ id: "ReadFileAnswer" });
export type ReadFileAnswer = z.infer<typeof ReadFileAnswer>;

/** A file to write. */
export const WriteFileRequest = FilePathRequest.extend({
  content: z.string(),
  encoding: FileEncoding.optional().describe("How content is written; default utf8"),
}).meta({ id: "WriteFileRequest" });
export type WriteFileRequest = z.infer<typeof WriteFileRequest>;

/** A file to move. */
export const RenameFileRequest = z.object({ old_path: path, new_path: path, user }).meta({ id: "RenameFileRequest" });
export type RenameFileRequest = z.infer<typeof RenameFileRequest>;

/** Who may do what with a file. */
export const FilePermissionsRequest = FilePathRequest.extend({
  permissions: z.string().regex(/^[0-7]{3,4}$/, { error: "must be an octal mode such as 0644" }),
}).meta({ id: "FilePermissionsRequest" });
export type FilePermissionsRequest = z.infer<typeof FilePermissionsRequest>;

/** Which folder to list. */
export const ListFilesQuery = z.object({
  path: path.optional().describe("Default /"),
  depth: z.coerce.number().int().min(1).max(64).optional().describe("2: what is in its folders, too; default 1"),
  user: Word.min(1).optional(),
});
export type ListFilesQuery = z.infer<typeof ListFilesQuery>;

/** A file or folder of a machine, as it is; a link is reported as a link. */
export const FileInfo = z
  .looseObject({
    name: z.string(),
    path: z.string().describe("Absolute, with the links on the way resolved"),
    is_dir: z.boolean(),
    size: z.int(),
    type: openEnum(["file", "dir", "symlink", "other"]),
    mode: optionalText.describe("Octal: 0644"),
    permissions: optionalText.describe("The same"),
    owner: optionalText,
    group: optionalText,
    modified_time: optionalTime,
    symlink_target: optionalText,
  })
  .meta({ id: "FileInfo" });
export type FileInfo = z.infer<typeof FileInfo>;
