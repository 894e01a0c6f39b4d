import { ApiServer, page, type ApiAnswer, type ApiRequest } from "./api-server.ts";

export interface Comment {
  id: number;
  body: string;
  user: { login: string };
}

/** Who a token is, and what it may. */
interface Holder {
  login: string;
  permissions: Record<string, string>;
}

const LONGEST_BODY_CHARACTERS = 65_536;

/** The comments of one pull request, behind GitHub's API: lists, makes and changes them, and refuses what GitHub refuses. */
export class GitHubComments {
  readonly comments: Comment[] = [];
  readonly #issue: string;
  readonly #single: RegExp;
  readonly #holders = new Map<string, Holder>();

  constructor(repository: string, number: number) {
    this.#issue = `/repos/${repository}/issues/${number}/comments`;
    this.#single = new RegExp(`^/repos/${repository}/issues/comments/(\\d+)$`);
  }

  serve(): Promise<ApiServer> {
    return ApiServer.start((request) => this.#answer(request));
  }

  /** A token of a job with such permissions, of `login`. */
  token(permissions: Record<string, string>, login = "github-actions[bot]"): string {
    const token = `ghs_${this.#holders.size}`;
    this.#holders.set(token, { login, permissions });
    return token;
  }

  /** A comment that somebody writes. */
  write(login: string, body: string): Comment {
    const comment = { id: 1000 + this.comments.length, body, user: { login } };
    this.comments.push(comment);
    return comment;
  }

  #answer({ method, url, headers, body }: ApiRequest): ApiAnswer {
    if (!headers["user-agent"]) return refused(403, "Request forbidden by administrative rules.");
    const holder = this.#holders.get(/^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "");
    if (holder === undefined) return refused(401, "Requires authentication");
    const id = this.#single.exec(url.pathname)?.[1];
    if (url.pathname === this.#issue && method === "GET") return page(this.comments, url, 100);
    const isMade = url.pathname === this.#issue && method === "POST";
    const changed = this.comments.find((comment) => String(comment.id) === id);
    if (!isMade && !(method === "PATCH" && changed)) return refused(404, "Not Found");
    if (holder.permissions["pull-requests"] !== "write" && holder.permissions.issues !== "write") {
      return refused(403, "Resource not accessible by integration");
    }
    const text = body?.body;
    if (typeof text !== "string" || text === "") return refused(422, "Validation Failed");
    if ([...text].length > LONGEST_BODY_CHARACTERS) {
      return refused(422, `Body is too long (maximum is ${LONGEST_BODY_CHARACTERS} characters)`);
    }
    if (isMade) return { status: 201, json: this.write(holder.login, text) };
    changed!.body = text;
    return { status: 200, json: changed };
  }
}

function refused(status: number, message: string): ApiAnswer {
  return { status, json: { message } };
}
