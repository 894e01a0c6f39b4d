import { listOf, type Rule, check, object, text } from "../arguments/index.ts";
import { CALL, CALL_WITH_FIELDS, TAG_MOVE_QUERY, VISIBILITY } from "./argument-rules.ts";
import type { CreateTemplateRequest } from "../wire/create-template.ts";
import type { PlanResponse, ValidationResponse } from "../wire/plan.ts";
import type { TagMoveList, TagMoveQuery } from "../wire/tag-move.ts";
import type { AliasInfo, NameClaim, NamespaceInfo, TagInfo, TemplateInfo, Visibility } from "../wire/template.ts";
import { pickCallOptions, type CallOptions } from "./call-options.ts";
import { InvalidArgumentError, NotFoundError } from "./errors.ts";
import { fieldsQuery, type Answered, type FieldOptions, type TemplateField } from "./fields.ts";
import { path } from "./path.ts";
import { pickSchema } from "./pick-schema.ts";
import type { Transport } from "./transport.ts";

const TAGS = listOf(text, "texts");
const CLAIM_TOKEN: Rule = { ...text, isSecret: true };

/**
 * Templates by reference, their tags, aliases, names and namespaces.
 *
 * @example
 * ```ts
 * await using client = new NullspaceClient();
 * for (const { tag, build_id } of await client.templates.listTags("web")) console.log(tag, build_id);
 * await client.templates.rename("web", "website");
 * ```
 */
export class TemplatesApi {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * The artifact that a reference stands for now.
   *
   * @throws NotFoundError (`template_not_found`) when there is none, or none that the key may see
   */
  async get<Field extends TemplateField = never>(
    ref: string,
    options: CallOptions & FieldOptions<Field> = {},
  ): Promise<Answered<TemplateInfo, Field>> {
    check("templates.get", { ref: text, options: CALL_WITH_FIELDS }, { ref, options });
    const { fields } = options;
    return this.#transport.json(
      {
        what: `read template ${ref}`,
        method: "GET",
        path: path`/v1/templates/refs/${ref}`,
        query: fieldsQuery(fields),
        ...pickCallOptions(options),
      },
      (wire) => pickSchema(wire.TemplateInfo, fields),
    );
  }

  /** Everything that the key may see, its own and the built-in ones. */
  async list<Field extends TemplateField = never>(
    options: CallOptions & FieldOptions<Field> = {},
  ): Promise<Answered<TemplateInfo, Field>[]> {
    check("templates.list", { options: CALL_WITH_FIELDS }, { options });
    const { fields } = options;
    return this.#transport.json(
      {
        what: "list templates",
        method: "GET",
        path: "/v1/templates",
        query: fieldsQuery(fields),
        ...pickCallOptions(options),
      },
      (wire) => pickSchema(wire.TemplateInfo, fields).array(),
    );
  }

  /** Whether there is a template behind `ref`. Only the service's answer that there is none means no; other errors are thrown. */
  async exists(ref: string, options: CallOptions = {}): Promise<boolean> {
    check("templates.exists", { ref: text, options: CALL }, { ref, options });
    try {
      await this.get(ref, pickCallOptions(options));
      return true;
    } catch (error) {
      if (error instanceof NotFoundError && error.code === "template_not_found") return false;
      throw error;
    }
  }

  /**
   * Deletes what `ref` names: a bare name the whole template, `name:tag` the tag, `name:tb_…` or `tmpl_…` the artifact.
   *
   * @throws ConflictError when it is in use
   */
  async delete(ref: string, options: CallOptions = {}): Promise<void> {
    check("templates.delete", { ref: text, options: CALL }, { ref, options });
    await this.#transport.done({
      what: `delete template ${ref}`,
      method: "DELETE",
      path: path`/v1/templates/refs/${ref}`,
      ...pickCallOptions(options),
    });
  }

  /** Points tags at the artifact behind `ref`, all of them or none. */
  async assignTags(ref: string, tags: readonly string[], options: CallOptions = {}): Promise<TemplateInfo> {
    check("templates.assignTags", { ref: text, tags: TAGS, options: CALL }, { ref, tags, options });
    if (tags.length === 0) throw new InvalidArgumentError("tags", "give at least one");
    return this.#transport.json(
      {
        what: `assign ${tags.length === 1 ? `tag ${tags[0]}` : "tags"} to ${ref}`,
        method: "POST",
        path: path`/v1/templates/refs/${ref}/tags`,
        body: { tags },
        repeatable: true,
        ...pickCallOptions(options),
      },
      (wire) => wire.TemplateInfo,
    );
  }

  /** Tags of a template, and the builds that they point at. */
  async listTags(ref: string, options: CallOptions = {}): Promise<TagInfo[]> {
    check("templates.listTags", { ref: text, options: CALL }, { ref, options });
    return this.#transport.json(
      {
        what: `list tags of ${ref}`,
        method: "GET",
        path: path`/v1/templates/refs/${ref}/tags`,
        ...pickCallOptions(options),
      },
      (wire) => wire.TagInfo.array(),
    );
  }

  /** Removes a tag; what it pointed at stays. */
  async removeTag(ref: string, tag: string, options: CallOptions = {}): Promise<void> {
    check("templates.removeTag", { ref: text, tag: text, options: CALL }, { ref, tag, options });
    await this.#transport.done({
      what: `remove tag ${tag} of ${ref}`,
      method: "DELETE",
      path: path`/v1/templates/refs/${ref}/tags/${tag}`,
      ...pickCallOptions(options),
    });
  }

  /**
   * One page of a tag's moves, newest first. An addition of `nullspace-local`, which other services need not have: see
   * `tagHistory`.
   */
  async listTagMoves(ref: string, query: TagMoveQuery, options: CallOptions = {}): Promise<TagMoveList> {
    check("templates.listTagMoves", { ref: text, query: TAG_MOVE_QUERY, options: CALL }, { ref, query, options });
    const { tag, limit, cursor } = query;
    return this.#transport.json(
      {
        what: `list moves of tag ${tag} of ${ref}`,
        method: "GET",
        path: path`/v1/templates/refs/${ref}/tag-moves`,
        query: { tag, limit, cursor },
        ...pickCallOptions(options),
      },
      (wire) => wire.TagMoveList,
    );
  }

  /** Former names of a template that still resolve. */
  async listAliases(ref: string, options: CallOptions = {}): Promise<AliasInfo[]> {
    check("templates.listAliases", { ref: text, options: CALL }, { ref, options });
    return this.#transport.json(
      {
        what: `list aliases of ${ref}`,
        method: "GET",
        path: path`/v1/templates/refs/${ref}/aliases`,
        ...pickCallOptions(options),
      },
      (wire) => wire.AliasInfo.array(),
    );
  }

  /** Removes a former name, `namespace/old-name`; it resolves no more. */
  async removeAlias(ref: string, alias: string, options: CallOptions = {}): Promise<void> {
    check("templates.removeAlias", { ref: text, alias: text, options: CALL }, { ref, alias, options });
    await this.#transport.done({
      what: `remove alias ${alias} of ${ref}`,
      method: "DELETE",
      path: path`/v1/templates/refs/${ref}/aliases/${alias}`,
      ...pickCallOptions(options),
    });
  }

  /**
   * Renames a template within its namespace; the old name stays as an alias. Safe to repeat: the old name leads to the
   * template, and the name that it has is no change.
   *
   * @throws ConflictError when the name is taken
   */
  async rename(ref: string, newName: string, options: CallOptions = {}): Promise<TemplateInfo> {
    check("templates.rename", { ref: text, newName: text, options: CALL }, { ref, newName, options });
    return this.#transport.json(
      {
        what: `rename ${ref} to ${newName}`,
        method: "POST",
        path: path`/v1/templates/refs/${ref}/rename`,
        body: { new_name: newName },
        repeatable: true,
        ...pickCallOptions(options),
      },
      (wire) => wire.TemplateInfo,
    );
  }

  /** Says who may see a template. */
  async setVisibility(ref: string, visibility: Visibility, options: CallOptions = {}): Promise<TemplateInfo> {
    check(
      "templates.setVisibility",
      { ref: text, visibility: VISIBILITY, options: CALL },
      { ref, visibility, options },
    );
    return this.#transport.json(
      {
        what: `make ${ref} ${visibility}`,
        method: "PATCH",
        path: path`/v1/templates/refs/${ref}/visibility`,
        body: { visibility },
        repeatable: true,
        ...pickCallOptions(options),
      },
      (wire) => wire.TemplateInfo,
    );
  }

  /**
   * Reserves a name for a short while; a build that brings the token takes it. Safe to repeat: one's own claim is prolonged.
   *
   * @throws ConflictError when the name is taken or reserved by someone else
   */
  async reserveName(name: string, options: CallOptions = {}): Promise<NameClaim> {
    check("templates.reserveName", { name: text, options: CALL }, { name, options });
    return this.#transport.json(
      {
        what: `reserve the name ${name}`,
        method: "POST",
        path: "/v1/templates/claims",
        body: { template_ref: name },
        repeatable: true,
        ...pickCallOptions(options),
      },
      (wire) => wire.NameClaim,
    );
  }

  /** Gives a reserved name back. */
  async releaseName(claimToken: string, options: CallOptions = {}): Promise<void> {
    check("templates.releaseName", { claimToken: CLAIM_TOKEN, options: CALL }, { claimToken, options });
    await this.#transport.done({
      what: "release a reserved name",
      method: "DELETE",
      path: path`/v1/templates/claims/${claimToken}`,
      ...pickCallOptions(options),
    });
  }

  /** A namespace by its slug. */
  async getNamespace(slug: string, options: CallOptions = {}): Promise<NamespaceInfo> {
    check("templates.getNamespace", { slug: text, options: CALL }, { slug, options });
    return this.#transport.json(
      {
        what: `read namespace ${slug}`,
        method: "GET",
        path: path`/v1/templates/namespaces/${slug}`,
        ...pickCallOptions(options),
      },
      (wire) => wire.NamespaceInfo,
    );
  }

  /** Would the service accept this build? An invalid request is an answer (`valid: false`), not an error. */
  async validate(request: CreateTemplateRequest, options: CallOptions = {}): Promise<ValidationResponse> {
    check("templates.validate", { request: object, options: CALL }, { request, options });
    return this.#transport.json(
      {
        what: "validate the template",
        method: "POST",
        path: "/v1/templates/validate",
        body: request,
        repeatable: true,
        ...pickCallOptions(options),
      },
      (wire) => wire.ValidationResponse,
    );
  }

  /** What the service would build, step by step. */
  async plan(request: CreateTemplateRequest, options: CallOptions = {}): Promise<PlanResponse> {
    check("templates.plan", { request: object, options: CALL }, { request, options });
    return this.#transport.json(
      {
        what: "plan the template",
        method: "POST",
        path: "/v1/templates/plan",
        body: request,
        repeatable: true,
        ...pickCallOptions(options),
      },
      (wire) => wire.PlanResponse,
    );
  }
}
