import { moduleOf, type Shell } from "./shells.ts";

/** A secret that every template of every program has: whatever a row does, it must not show. */
export const PROGRAM_SECRET = "sequence-secret/nobody-may-see-it";

/**
 * The text of a program: what a row says, behind short functions for the four resources. Names at the service begin with
 * the row's prefix, so that rows share a service. `own(name)` is such a name.
 *
 * - `template(resource, inputs?, options?)`: small, of the folder `app`; named as its resource
 * - `tag(resource, template, inputs?, options?)`: tag `stable` on the template's build
 * - `alias(resource, template, inputs?, options?)`: named as its resource
 * - `pool(resource, tag, inputs?, options?)`: one machine that follows the tag
 */
export function programText(shell: Shell, prefix: string, body: string): string {
  return `"use strict";
const pulumi = require("@pulumi/pulumi");
const nullspace = require(${JSON.stringify(moduleOf(shell))});
const own = (name) => ${JSON.stringify(`${prefix}-`)} + name;
const BASE = { BASE_IMAGE: process.env.NULLSPACE_BASE_IMAGE, SECRET: pulumi.secret(${JSON.stringify(PROGRAM_SECRET)}) };
const template = (resource, inputs, options) =>
  new nullspace.Template(
    resource,
    { name: own(resource), context: "./app", buildArgs: BASE, vcpus: 1, memoryMib: 64, ...inputs },
    options,
  );
const tag = (resource, of, inputs, options) =>
  new nullspace.TemplateTag(
    resource,
    { template: of.canonicalRef, tag: "stable", buildId: of.buildId, ...inputs },
    options,
  );
const alias = (resource, of, inputs, options) =>
  new nullspace.TemplateAlias(resource, { template: of.canonicalRef, alias: own(resource), ...inputs }, options);
const pool = (resource, of, inputs, options) =>
  new nullspace.WarmPool(
    resource,
    {
      name: own(resource), template: of.ref, versionPolicy: "track_tag", buildId: of.buildId,
      minReady: 1, maxReady: 2, vcpus: 1, memoryMib: 64, ...inputs,
    },
    options,
  );
${body}
`;
}

/** The files beside every program: two contexts that build in a moment. */
export const CONTEXTS: Record<string, string> = Object.fromEntries(
  ["app", "two"].flatMap((folder) => [
    [`${folder}/Dockerfile`, "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY hello.txt /hello.txt\n"],
    [`${folder}/hello.txt`, "first\n"],
  ]),
);
