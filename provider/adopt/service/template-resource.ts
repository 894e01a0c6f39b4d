import type { ProgramInput, ProgramResource } from "../program/program.ts";
import { quote } from "../program/quote.ts";
import { TemplateInputs } from "../../core/template/inputs.ts";
import { splitRef } from "../../core/template/settle.ts";
import type { Shell } from "../shell.ts";
import type { FoundTemplate } from "./found.ts";
import { ownedComment } from "./owned-comment.ts";
import { withoutDefaults } from "./without-defaults.ts";

/** Tags that a service looks for behind a bare name. */
const OWN_TAGS = ["default", "latest"];
/** What stands where the user has to write something. */
const PLACEHOLDER = "TODO";

/**
 * Tags that go along with each new build of the template; the others are resources of their own. A template has at least
 * one: without those that a bare name stands for, it is all that are at the live build.
 */
export function liveTags({ tags, liveBuild }: FoundTemplate): string[] {
  const live = tags.filter(({ buildId }) => buildId === liveBuild).map(({ tag }) => tag);
  const own = OWN_TAGS.filter((tag) => live.includes(tag));
  return own.length > 0 ? own : live;
}

/** A template as a resource, which has no name yet. */
export function templateResource(template: FoundTemplate, shell: Shell): Omit<ProgramResource, "name" | "variable"> {
  const { contextHash, ...inputs } = withoutDefaults(TemplateInputs, template.inputs);
  const { name, ...others } = inputs;
  return {
    type: "Template",
    comment: [
      ...ownedComment(template.owner, template.ref),
      ...standing(template),
      ...(shell === "dynamic" && !isOfFiles(template) ? [sourceComment(template, shell)] : []),
    ],
    inputs: [
      { name: "name", value: name },
      ...sourceInputs(template, contextHash, shell),
      ...Object.entries(others).map(([key, value]) => ({ name: key, value })),
      ...envInputs(template),
      ...tagInputs(template),
      ...(shell === "dynamic" ? [{ name: "adopt", value: true }] : []),
    ],
  };
}

function standing(template: FoundTemplate): string[] {
  if (template.liveBuild === undefined) {
    return [`No build of ${quote(template.ref)} has succeeded: the service knows little more than its name.`];
  }
  if (liveTags(template).length > 0) return [];
  return ["No tag is at its live build. The next one gets the tag `default`: name another as `tags`."];
}

/** Where the source belongs: a folder for files; for the rest, nothing that could be taken for it. */
function sourceInputs(template: FoundTemplate, contextHash: unknown, shell: Shell): ProgramInput[] {
  const comment = [sourceComment(template, shell)];
  const context = { name: "context", value: `./${splitRef(template.ref).name}` };
  const pinned = { name: "contextHash", value: contextHash };
  if (isOfFiles(template)) return [{ ...context, comment }, ...(shell === "plugin" ? [pinned] : [])];
  return shell === "plugin" ? [{ ...pinned, comment }] : [];
}

function sourceComment(template: FoundTemplate, shell: Shell): string {
  return `${sourceOf(template)}${shell === "plugin" ? ", and remove `contextHash`" : ""}.`;
}

function isOfFiles({ sourceType }: FoundTemplate): boolean {
  return sourceType === undefined || sourceType === "dockerfile";
}

/** What the user has to put there. */
function sourceOf({ sourceType }: FoundTemplate): string {
  switch (sourceType) {
    case "declarative":
      return "Built from steps on an image: write `image` and `steps`, or a builder of the SDK as `source`";
    case "template_base":
      return "Built on another template: write `fromTemplate` and `steps`, or a builder of the SDK as `source`";
    case "oci_import":
      return "Imported from an image: write `image`";
    default:
      return "Put its Dockerfile here, with the files that it copies";
  }
}

/** The service tells the names of variables, and never their values. */
function envInputs({ envKeys = [] }: FoundTemplate): ProgramInput[] {
  if (envKeys.length === 0) return [];
  return [
    {
      name: "env",
      comment: [
        "Write the values, which the service does not report; a secret as `new pulumi.Config().requireSecret(…)`.",
      ],
      value: Object.fromEntries(envKeys.map((key) => [key, PLACEHOLDER])),
    },
  ];
}

function tagInputs(template: FoundTemplate): ProgramInput[] {
  const tags = liveTags(template);
  if (tags.length === 0) return [];
  // The default of the input.
  if (tags.length === 1 && tags[0] === "default") return [];
  const comment = tags.some((tag) => !OWN_TAGS.includes(tag))
    ? ["These move to each new build. One that is to stay where it is becomes a TemplateTag."]
    : [];
  return [{ name: "tags", value: tags, comment }];
}
