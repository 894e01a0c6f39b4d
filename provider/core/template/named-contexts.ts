import * as z from "zod";
import { ImageRefError } from "../../../sdk/docker/errors.ts";
import { parseImageRef } from "../../../sdk/docker/image-ref.ts";
import { STAGE_NAME } from "../../../sdk/dockerfile/with-named-images.ts";
import type { CheckFailure, Properties } from "../properties.ts";

const IMAGE = "docker-image://";

const ContextName = z.string().refine((name) => STAGE_NAME.test(name) && name !== "scratch", {
  error:
    "is not a name that a context can have, which becomes a stage of the Dockerfile: take lower-case letters, digits, '_', '.' " +
    "and '-', a letter first, and not scratch",
});

const ContextSource = z.string().superRefine((source, check) => {
  const message = problemOf(source);
  if (message !== undefined) check.addIssue({ code: "custom", message });
});

/** Named contexts: images by the names that the Dockerfile has for them. */
export const NamedContexts = z.record(ContextName, ContextSource);

function problemOf(source: string): string | undefined {
  if (source.startsWith(IMAGE)) return problemOfImage(source.slice(IMAGE.length));
  if (/^[a-z][a-z0-9+.-]*:\/\/|^git@/i.test(source)) {
    return (
      `is a URL, and the service takes images alone as named contexts (${IMAGE}…): fetch it in the Dockerfile, in a stage of ` +
      "its own with ADD"
    );
  }
  return (
    `is a folder, and the service has no place for the files of a second one: set context to a folder that holds both and ` +
    `write COPY for what lies in it, or make an image of the folder and give ${IMAGE}…`
  );
}

function problemOfImage(image: string): string | undefined {
  try {
    parseImageRef(image);
    return undefined;
  } catch (error) {
    if (error instanceof ImageRefError) return error.message;
    throw error;
  }
}

/** A target by number is another stage when stages are put in front. */
export function checkTarget({ contexts, target }: Properties): CheckFailure[] {
  if (contexts === undefined || typeof target !== "string" || !/^\d+$/.test(target)) return [];
  const reason = `${target} is the number of a stage, which contexts would shift: name the stage in the Dockerfile (FROM … AS name)`;
  return [{ property: "target", reason }];
}
