import { ConflictError, InvalidRequestError } from "../../errors.ts";
import { buildOfTag } from "../../store/tags.ts";
import { movePage, tagPage } from "../pages/tags.ts";
import { tagPath } from "../pages/parts.ts";
import { templatePage, templatesPage } from "../pages/templates.ts";
import { plannedMove, tagHistory } from "../views/tags.ts";
import { listTemplates, templateDetails, templateOf } from "../views/templates.ts";
import type { TemplateName } from "../views/overview.ts";
import type { ViewDependencies } from "../views/view-dependencies.ts";
import type { PageRoutes, Visit } from "./page-routes.ts";

/** Templates, their tags, and the moves of tags. */
export function registerTemplates(routes: PageRoutes, { db, builds }: Pick<ViewDependencies, "db" | "builds">): void {
  routes.get("/templates", ({ query }) => templatesPage(listTemplates(db, { search: query.find, after: query.after })));

  routes.get("/templates/:namespace/:name", ({ params, query }) =>
    templatePage(templateDetails(db, nameOf(params), { status: query.status, after: query.after })),
  );

  routes.get("/templates/:namespace/:name/tags/:tag", ({ params, query }) =>
    tagPage(tagHistory(db, nameOf(params), params.tag ?? "", { after: query.after })),
  );

  routes.get("/templates/:namespace/:name/move", ({ params, query, session }) => {
    const { tag, to } = named(query, "tag", "to");
    return movePage(plannedMove(db, nameOf(params), tag, to), session.formToken);
  });

  routes.post("/templates/:namespace/:name/move", ({ params, form }) => {
    const { tag, to } = named(form, "tag", "to");
    const { template } = plannedMove(db, nameOf(params), tag, to);
    // Nothing else runs between this look and the move: neither awaits.
    const now = buildOfTag(db, templateOf(db, template).templateKey, tag) ?? "";
    if (form.expected !== now) {
      throw new ConflictError(
        `The tag ${tag} was moved meanwhile: it points at ${now === "" ? "nothing" : `build ${now}`} now. Nothing was done.`,
        { suggestedAction: "Look at the tag again, then decide." },
      );
    }
    builds.promote(to, [tag]);
    return { to: tagPath(template, tag), notice: { kind: "done", text: `The tag ${tag} points at ${to} now.` } };
  });
}

function nameOf({ namespace = "", name = "" }: Visit["params"]): TemplateName {
  return { namespace, name };
}

/** Fields that have to be there. @throws InvalidRequestError */
function named<Name extends string>(
  fields: Readonly<Record<string, string | undefined>>,
  ...names: Name[]
): Record<Name, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = fields[name];
      if (value === undefined || value === "") throw new InvalidRequestError(`${name}: say which.`);
      return [name, value];
    }),
  ) as Record<Name, string>;
}
