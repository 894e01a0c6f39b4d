/**
 * Writes a report under the pull request or merge request that this job is for, in place of the last one:
 *
 *   node ci/comment.mjs report.md
 *
 * The report's first line is a hidden marker, by which its comment is found again. Only a comment of our own is replaced:
 * anybody can write one that begins so, and could change it later.
 *
 * GitHub: GITHUB_TOKEN with `pull-requests: write`, PULL_REQUEST (its number); COMMENT_AUTHOR where the token is not the
 * job's own (`github-actions[bot]`). GitLab: GITLAB_TOKEN, a project access token with the scope `api`.
 */
import { readFile } from "node:fs/promises";

const env = process.env;
try {
  console.log(await comment(env.GITLAB_CI ? gitlab() : github(), process.argv[2] ?? "report.md"));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function comment(forge, file) {
  const body = await readFile(file, "utf8");
  const marker = body.split("\n", 1)[0];
  if (!/^<!-- .+ -->$/.test(marker)) throw new Error(`${file} has no marker in its first line`);
  const isOwn = await forge.isOwn();
  const before = await findComment(forge, (each) => isOwn(each) && each.body.startsWith(marker));
  if (before === undefined) {
    await call(forge, "POST", forge.comments, { body });
    return "The report is a new comment.";
  }
  await call(forge, forge.update, `${forge.comment}/${before.id}`, { body });
  return `The report is in comment ${before.id} again.`;
}

function github() {
  const repository = `${env.GITHUB_API_URL}/repos/${need("GITHUB_REPOSITORY")}`;
  return {
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${need("GITHUB_TOKEN")}`,
      "x-github-api-version": "2022-11-28",
    },
    comments: `${repository}/issues/${need("PULL_REQUEST")}/comments`,
    comment: `${repository}/issues/comments`,
    update: "PATCH",
    isOwn: () => (each) => each.user?.login === (env.COMMENT_AUTHOR || "github-actions[bot]"),
  };
}

function gitlab() {
  const mergeRequest = `projects/${need("CI_MERGE_REQUEST_PROJECT_ID")}/merge_requests/${need("CI_MERGE_REQUEST_IID")}`;
  const notes = `${env.CI_API_V4_URL}/${mergeRequest}/notes`;
  const forge = {
    headers: { "private-token": need("GITLAB_TOKEN") },
    comments: notes,
    comment: notes,
    update: "PUT",
    async isOwn() {
      const { json: user } = await call(forge, "GET", `${env.CI_API_V4_URL}/user`);
      return (each) => each.author.id === user.id;
    },
  };
  return forge;
}

/** Looks through all pages. */
async function findComment(forge, isWanted) {
  let url = `${forge.comments}?per_page=100`;
  while (url !== undefined) {
    const { json, headers } = await call(forge, "GET", url);
    const found = json.find(isWanted);
    if (found !== undefined) return found;
    url = /<([^>]+)>;\s*rel="next"/.exec(headers.get("link") ?? "")?.[1];
  }
  return undefined;
}

async function call(forge, method, url, content) {
  const response = await fetch(url, {
    method,
    headers: { ...forge.headers, "content-type": "application/json" },
    body: content && JSON.stringify(content),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} was answered with ${response.status}: ${text.slice(0, 500)}`);
  return { json: JSON.parse(text), headers: response.headers };
}

function need(name) {
  if (!env[name]) throw new Error(`${name} is not set`);
  return env[name];
}
