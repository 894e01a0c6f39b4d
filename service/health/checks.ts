import { DiskFullError, EngineUnavailableError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { NotHealthyError, type HealthCheck } from "./health-check.ts";
import type { Place } from "./place.ts";

/** A place answers. */
export function placeCheck({
  name,
  subject,
  look,
  note,
}: Pick<Place, "name" | "subject" | "look" | "note">): HealthCheck {
  return {
    name,
    failure: `${subject} answers with an error.`,
    async look(signal) {
      try {
        await look(signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof EngineUnavailableError) {
          throw new NotHealthyError(`${subject} does not answer.`, { cause: error });
        }
        throw error;
      }
      return [`${subject} answers.`, ...(note === undefined ? [] : [note()])].join(" ");
    },
  };
}

/** The store can be read, and what was written into it is on the disk. */
export function storeCheck(db: Database): HealthCheck {
  return {
    name: "store",
    failure: "The store cannot be read.",
    async look() {
      if (!db.isOpen) throw new NotHealthyError("The store is closed.");
      db.probe();
      try {
        await db.durable();
      } catch (cause) {
        throw new NotHealthyError("The disk lost what was written into the store. Start the service again.", { cause });
      }
      return "The store can be read, and what was written is on the disk.";
    },
  };
}

/** The disk of the data folder has room for something new. */
export function diskCheck(db: Database): HealthCheck {
  return {
    name: "disk",
    failure: "The disk of the data folder cannot be looked at.",
    async look() {
      try {
        db.room?.assert();
      } catch (cause) {
        if (!(cause instanceof DiskFullError)) throw cause;
        const message = "The disk of the data folder is full: the reserve is in use, and nothing new is accepted.";
        throw new NotHealthyError(message, { cause });
      }
      return "The disk of the data folder has room.";
    },
  };
}
