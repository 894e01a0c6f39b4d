import type { Mark } from "../../core/ownership/mark.ts";
import { quote } from "../program/quote.ts";

/** What has to be said of something that a Pulumi resource has made. */
export function ownedComment(owner: Mark | undefined, id: string): string[] {
  if (owner === undefined) return [];
  return [
    `${quote(id)} was made by a Pulumi stack: take it out of there, with \`pulumi state delete\`, or leave it out here.`,
  ];
}
