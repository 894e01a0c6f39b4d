import {
  AliasInfo,
  AssignTagsRequest,
  RenameRequest,
  SetVisibilityRequest,
  TagInfo,
  TagMoveList,
  TagMoveQuery,
  TEMPLATE_FIELDS,
  TemplateInfo,
} from "pulumi-nullspace/wire";
import * as z from "zod";
import type { ServiceDeps } from "../../service-deps.ts";
import { listAliases, removeAlias } from "../../templates/aliases.ts";
import type { Deletion } from "../../templates/delete-template.ts";
import { listTemplates } from "../../templates/list-templates.ts";
import { renameTemplate } from "../../templates/rename.ts";
import { listTagMoves } from "../../templates/tag-moves.ts";
import { assignTags, listTags, removeTag } from "../../templates/tags.ts";
import { describeRef } from "../../templates/template-view.ts";
import { setVisibility } from "../../templates/visibility.ts";
import { bodyErrorResponses, errorResponses } from "../error-responses.ts";
import { linksTo } from "../openapi-links.ts";
import { pickFields, readFields } from "../fields.ts";
import { RefParams, refPaths } from "../ref-params.ts";
import { requestSignal } from "../request-signal.ts";
import type { ServiceApp } from "../service-app.ts";

const FieldsQuery = z.object({ fields: z.string().optional().describe("Comma-separated members to answer") });
const Nothing = z.null().describe("Done");

/** All members, or those that were asked for. */
const TemplateInfoMembers = TemplateInfo.partial().meta({ id: "TemplateInfoMembers" });

/** What can be done with a template of the list. */
const REF_LINKS = linksTo(
  { ref: "$response.body#/0/canonical_ref" },
  ...["getTemplate", "assignTags", "listTags", "listAliases", "listBuilds", "renameTemplate", "setVisibility"],
);

/** What these routes need beside the store. */
export interface TemplateRouteOptions {
  /** Makes a builtin that a ref names, if need be, so that it can be described. */
  prepare: (ref: string, signal: AbortSignal) => Promise<void>;
  /** Deletes what a ref is about, and all that follows from it. */
  deleteRef: (ref: string) => Deletion;
}

/** Templates by ref: get, list, delete, tags, aliases, rename, visibility. */
export function registerTemplateRoutes(
  app: ServiceApp,
  deps: ServiceDeps,
  { prepare, deleteRef }: TemplateRouteOptions,
): void {
  const { db, events, stopping, tagFollowers } = deps;
  const tags = ["templates"];
  const one = { tags, params: RefParams };

  app.get(
    "/v1/templates",
    {
      links: { 200: REF_LINKS },
      schema: {
        operationId: "listTemplates",
        summary: "All templates",
        tags,
        querystring: FieldsQuery,
        response: { 200: z.array(TemplateInfoMembers), ...errorResponses() },
      },
    },
    async (request) => {
      const fields = readFields(request.query.fields, TEMPLATE_FIELDS);
      return listTemplates(db).map((template) => pickFields(template, fields));
    },
  );

  for (const path of refPaths("")) {
    app.get(
      path,
      {
        schema: {
          ...one,
          operationId: "getTemplate",
          summary: "A template",
          querystring: FieldsQuery,
          response: { 200: TemplateInfoMembers, ...errorResponses(404) },
        },
      },
      async (request, reply) => {
        const fields = readFields(request.query.fields, TEMPLATE_FIELDS);
        await prepare(request.params.ref, requestSignal(reply, stopping));
        return pickFields(describeRef(db, request.params.ref), fields);
      },
    );
    app.delete(
      path,
      {
        schema: {
          ...one,
          operationId: "deleteTemplate",
          summary: "Delete a template, a tag of it, or an artifact",
          response: { 204: Nothing, ...bodyErrorResponses(404, 409) },
        },
      },
      async (request, reply) => {
        deleteRef(request.params.ref);
        return reply.status(204).send(null);
      },
    );
  }

  for (const path of refPaths("/tags")) {
    app.post(
      path,
      {
        schema: {
          ...one,
          operationId: "assignTags",
          summary: "Point tags at the artifact of a ref",
          body: AssignTagsRequest,
          response: { 200: TemplateInfo, ...bodyErrorResponses(404) },
        },
      },
      async (request) => {
        assignTags(db, request.params.ref, request.body.tags);
        events.emit({ kind: "tag_moved" });
        return describeRef(db, request.params.ref);
      },
    );
    app.get(
      path,
      {
        schema: {
          ...one,
          operationId: "listTags",
          summary: "Tags of a template",
          response: { 200: z.array(TagInfo), ...errorResponses(404) },
        },
      },
      async (request) => listTags(db, request.params.ref),
    );
    app.delete(
      `${path}/:tag`,
      {
        schema: {
          operationId: "removeTag",
          summary: "Remove a tag; its build stays",
          tags,
          params: RefParams.extend({ tag: z.string().min(1) }),
          response: { 204: Nothing, ...bodyErrorResponses(404, 409) },
        },
      },
      async (request, reply) => {
        removeTag(db, tagFollowers, request.params.ref, request.params.tag);
        events.emit({ kind: "tag_moved" });
        return reply.status(204).send(null);
      },
    );
  }

  for (const path of refPaths("/tag-moves")) {
    app.get(
      path,
      {
        schema: {
          ...one,
          operationId: "listTagMoves",
          summary: "Where a tag has pointed, newest first",
          querystring: TagMoveQuery.extend({ limit: z.coerce.number().int().min(1).max(100).optional() }),
          response: { 200: TagMoveList, ...errorResponses(404) },
        },
      },
      async (request) => listTagMoves(db, request.params.ref, request.query),
    );
  }

  for (const path of refPaths("/aliases")) {
    app.get(
      path,
      {
        schema: {
          ...one,
          operationId: "listAliases",
          summary: "Former names of a template that still resolve",
          response: { 200: z.array(AliasInfo), ...errorResponses(404) },
        },
      },
      async (request) => listAliases(db, request.params.ref),
    );
    app.delete(
      `${path}/:alias`,
      {
        schema: {
          operationId: "removeAlias",
          summary: "Remove a former name",
          tags,
          params: RefParams.extend({ alias: z.string().min(1) }),
          response: { 204: Nothing, ...bodyErrorResponses(404, 409) },
        },
      },
      async (request, reply) => {
        removeAlias(db, tagFollowers, request.params.ref, request.params.alias);
        events.emit({ kind: "template_changed" });
        return reply.status(204).send(null);
      },
    );
  }

  for (const path of refPaths("/rename")) {
    app.post(
      path,
      {
        schema: {
          ...one,
          operationId: "renameTemplate",
          summary: "Rename a template; the old name stays as an alias",
          body: RenameRequest,
          response: { 200: TemplateInfo, ...bodyErrorResponses(404, 409) },
        },
      },
      async (request) =>
        change(request.params.ref, () => renameTemplate(db, request.params.ref, request.body.new_name)),
    );
  }

  for (const path of refPaths("/visibility")) {
    app.patch(
      path,
      {
        schema: {
          ...one,
          operationId: "setVisibility",
          summary: "Change who may see a template",
          body: SetVisibilityRequest,
          response: { 200: TemplateInfo, ...bodyErrorResponses(404) },
        },
      },
      async (request) =>
        change(request.params.ref, () => setVisibility(db, request.params.ref, request.body.visibility)),
    );
  }

  function change(ref: string, work: () => void): TemplateInfo {
    // The answer is part of the change: without an artifact to describe, nothing is changed.
    const info = db.transaction(() => {
      work();
      return describeRef(db, ref);
    });
    events.emit({ kind: "template_changed" });
    return info;
  }
}
