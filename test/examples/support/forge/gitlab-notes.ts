import { ApiServer, page, type ApiAnswer, type ApiRequest } from "./api-server.ts";

export interface Note {
  id: number;
  body: string;
  system: boolean;
  author: { id: number; username: string };
}

const LONGEST_NOTE_CHARACTERS = 1_000_000;

/** The notes of one merge request, behind GitLab's API. */
export class GitLabNotes {
  readonly notes: Note[] = [];
  /** The token of the bot, whose user has this id. */
  readonly token = "glpat-of-the-bot";
  readonly #bot = { id: 7, username: "project_1_bot" };
  readonly #path: string;

  constructor(project: string, number: number) {
    this.#path = `/projects/${project}/merge_requests/${number}/notes`;
  }

  serve(): Promise<ApiServer> {
    return ApiServer.start((request) => this.#answer(request));
  }

  /** A note that somebody writes. */
  write(author: Note["author"], body: string): Note {
    const note = { id: 1000 + this.notes.length, body, system: false, author };
    this.notes.push(note);
    return note;
  }

  #answer({ method, url, headers, body }: ApiRequest): ApiAnswer {
    if (headers["private-token"] !== this.token) return { status: 401, json: { message: "401 Unauthorized" } };
    if (method === "GET" && url.pathname === "/user") return { status: 200, json: this.#bot };
    if (method === "GET" && url.pathname === this.#path) return page(this.notes.toReversed(), url, 100);
    const changed = this.notes.find(({ id }) => `${this.#path}/${id}` === url.pathname);
    const isMade = method === "POST" && url.pathname === this.#path;
    if (!isMade && !(method === "PUT" && changed)) return { status: 404, json: { message: "404 Not found" } };
    const text = body?.body;
    if (typeof text !== "string" || text === "" || text.length > LONGEST_NOTE_CHARACTERS) {
      return { status: 400, json: { message: "400 Bad request - Note is invalid" } };
    }
    if (isMade) return { status: 201, json: this.write(this.#bot, text) };
    if (changed!.author.id !== this.#bot.id) return { status: 403, json: { message: "403 Forbidden" } };
    changed!.body = text;
    return { status: 200, json: changed };
  }
}
