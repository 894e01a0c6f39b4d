import { InvalidRequestError } from "../../errors.ts";
import { AUDIT_ACTIONS, type AuditAction } from "../../store/audit.ts";
import { auditList, type AuditRow } from "../../store/audit-list.ts";
import type { Database } from "../../store/database.ts";
import { numberOf, pageOf, type Listed } from "./cursor.ts";
import { KnownThings, type KnownThing } from "./known-things.ts";

/** Records of a page. */
const RECORDS = 50;

/** Longest text of a record that is shown. */
const MAX_CHARACTERS = 200;

/** Members of a record that are shown, in this order, and what they are called. Others are for programs. */
const SHOWN = {
  name: "name",
  tag: "tag",
  tags: "tags",
  alias: "alias",
  from: "from",
  to: "to",
  buildId: "build",
  template: "asked for as",
  templateRef: "template",
  templateId: "artifact",
  poolId: "pool",
  changed: "changed",
  status: "as",
  reason: "because",
  artifacts: "artifacts",
} as const;

/** Something that a record names. */
export interface AuditFact {
  label: string;
  text: string;
  thing?: KnownThing;
}

/** A record of a change. */
export interface AuditLine {
  eventId: number;
  at: string;
  by: string;
  /** Absent: the service itself, or a key that it was started with. */
  keyId?: string;
  kind: AuditAction;
  subject: string;
  thing?: KnownThing;
  facts: AuditFact[];
}

export interface AuditTrail extends Listed<AuditLine> {
  kind: string;
  subject: string;
  key: string;
  kinds: readonly AuditAction[];
}

/** Who changed what, newest first. @param after `next` of the page before */
export function auditTrail(
  db: Database,
  {
    kind = "",
    subject = "",
    key = "",
    after,
  }: Partial<Record<"kind" | "subject" | "key" | "after", string | undefined>>,
): AuditTrail {
  const rows = auditList(db, {
    action: kindOf(kind),
    subject: subject === "" ? undefined : subject,
    actor: key === "" ? undefined : key,
    before: after === undefined ? Number.MAX_SAFE_INTEGER : numberOf(after),
    limit: RECORDS + 1,
  });
  const things = new KnownThings(db);
  const page = pageOf(
    rows,
    RECORDS,
    (row) => lineOf(row, things),
    ({ eventId }) => String(eventId),
  );
  return { ...page, kind, subject, key, kinds: AUDIT_ACTIONS };
}

function kindOf(text: string): AuditAction | undefined {
  const kind = AUDIT_ACTIONS.find((each) => each === text);
  if (kind !== undefined || text === "") return kind;
  throw new InvalidRequestError(`kind: there is no "${text.slice(0, 40)}".`);
}

function lineOf({ eventId, at, actor, keyId, action, subject, detail }: AuditRow, things: KnownThings): AuditLine {
  const thing = things.find(subject);
  const members = JSON.parse(detail) as Record<string, unknown>;
  return {
    eventId,
    at,
    by: actor,
    ...(keyId !== null && { keyId }),
    kind: action,
    subject,
    ...(thing !== undefined && { thing }),
    facts: Object.entries(SHOWN).flatMap(([name, label]) => factsOf(label, members[name], things)),
  };
}

function factsOf(label: string, value: unknown, things: KnownThings): AuditFact[] {
  const texts = (Array.isArray(value) ? value : [value]).filter(
    (each): each is string | number => typeof each === "string" || typeof each === "number",
  );
  if (texts.length === 0) return [];
  const text = texts.join(", ");
  const thing = texts.length === 1 ? things.find(text) : undefined;
  return [
    {
      label,
      text: text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text,
      ...(thing !== undefined && thing.kind !== "keys" && { thing }),
    },
  ];
}
