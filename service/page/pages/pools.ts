import { html, type Html } from "../html.ts";
import type { Page } from "../layout.ts";
import { POOL_STATES, type PoolLine, type PoolList } from "../views/pools.ts";
import { amountOf, count, empty, nextPage, poolLink, stateLinks, table } from "./parts.ts";
import { reasonInShort } from "./pool-reasons.ts";

export function poolsPage(view: PoolList): Page {
  const { items, search, state, counts, next } = view;
  const live = POOL_STATES.filter((each) => each !== "deleted").reduce((sum, each) => sum + (counts.get(each) ?? 0), 0);
  const path = `/ui/pools?find=${encodeURIComponent(search)}`;
  return {
    title: "Warm pools",
    section: "pools",
    aside: html`<span class="quiet">${amountOf(live, "pool")}</span>`,
    isLive: true,
    body: html`<form class="row" method="get" action="/ui/pools" role="search">
        <div class="grow">
          <label for="find" class="unseen">Part of a name</label
          ><input
            type="search"
            id="find"
            name="find"
            value="${search}"
            placeholder="Part of a name"
            autocomplete="off"
            spellcheck="false"
          />
        </div>
        <input type="hidden" name="state" value="${state}" />
        <button class="plain" type="submit">Search</button
        >${search !== "" && html`<a class="button plain" href="/ui/pools?state=${state}">Show all</a>`}
      </form>
      <section id="list" aria-label="Pools" data-live>
        ${stateLinks(
          "Pools by state",
          path,
          [
            { value: "", label: "all" },
            ...POOL_STATES.map((each) => ({ value: each, label: each, count: counts.get(each) ?? 0 })),
          ],
          state,
        )}
        ${items.length === 0 ? nothing(view, live) : list(items)}${nextPage(`${path}&state=${encodeURIComponent(state)}`, next, "Older pools")}
      </section>`,
  };
}

function nothing({ search, state }: PoolList, live: number): Html {
  if (search !== "") return empty(`No pool has “${search}” in its name.`, "");
  if (state !== "" || live > 0) return empty("No pool is in this state.", "");
  return empty(
    "There is no warm pool yet.",
    html`A pool keeps machines of a template ready. Make one with Pulumi’s <code>WarmPool</code>, or the SDK’s
      <code>WarmPool.create</code>.`,
  );
}

function list(items: readonly PoolLine[]): Html {
  const rows = items.map(
    (pool) =>
      html`<tr>
        <th scope="row">${poolLink(pool.poolId, pool.name)}<br /><span class="quiet">of ${pool.templateRef}</span></th>
        <td>${poolState(pool)}</td>
        <td class="number">${pool.ready}<span class="quiet"> of ${pool.floor}</span></td>
        <td class="number wide">${pool.warming}</td>
        <td class="number wide">${count(pool.claimed)}</td>
        <td class="number wide">${count(pool.most)}</td>
      </tr>`,
  );
  return table(
    "Warm pools, the newest first",
    [
      { label: "Pool" },
      { label: "State" },
      { label: "Ready", class: "number" },
      { label: "Starting", class: "number wide" },
      { label: "Handed out", class: "number wide" },
      { label: "At most", class: "number wide" },
    ],
    rows,
  );
}

/** What a pool is, in a word. */
export function poolState({ state, isShort, reason }: Pick<PoolLine, "state" | "isShort" | "reason">): Html {
  if (state !== "enabled") return html`<span class="state ${state === "draining" ? "building" : ""}">${state}</span>`;
  if (reason !== undefined) return html`<span class="state error">${reasonInShort(reason)}</span>`;
  return isShort ? html`<span class="state building">filling</span>` : html`<span class="state ready">full</span>`;
}
