import { attr, html } from "../html.ts";
import type { Page } from "../layout.ts";

/** The form that asks for a key. @param next path of the page to go on to */
export function logInPage({
  next,
  isWrong = false,
  out,
}: {
  next: string;
  isWrong?: boolean;
  /** Why one is logged out. */
  out?: "wanted" | "revoked" | undefined;
}): Page {
  return {
    title: "Log in",
    body: html`<form class="card narrow" method="post" action="/ui/log-in">
      ${out !== undefined && html`<p class="notice done" role="status">${out === "revoked" ? "Your key is revoked, and you are logged out." : "You are logged out."}</p>`}
      <input type="hidden" name="next" value="${next}" />
      <label for="key">API key</label>
      <input
        id="key"
        name="key"
        type="password"
        autocomplete="current-password"
        required
        autofocus
        spellcheck="false"
        ${attr("aria-invalid", isWrong ? "true" : undefined)}${attr("aria-describedby", isWrong ? "wrong" : undefined)}
      />
      ${isWrong && html`<p id="wrong" class="problem" role="alert">That is not a key of this service.</p>`}
      <button type="submit">Log in</button>
      <p class="quiet">
        The service printed a key at its first start. <code>nullspace-local keys create NAME</code> makes another.
      </p>
    </form>`,
  };
}
