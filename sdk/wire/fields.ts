// Members of answers that can be asked for by themselves, by the parameter `fields`. No zod here: the client's types need it.

/** Those of a template. */
export const TEMPLATE_FIELDS = [
  "id",
  "name",
  "description",
  "tags",
  "default_tag",
  "builtin",
  "canonical_ref",
  "namespace_slug",
  "visibility",
] as const;
export type TemplateField = (typeof TEMPLATE_FIELDS)[number];

/** Those of a machine. */
export const MACHINE_FIELDS = [
  "id",
  "template",
  "status",
  "config",
  "created_at",
  "metadata",
  "started_at",
  "timeout_ms",
  "timeout_action",
  "timeout_at",
  "expires_at",
  "remaining_ms",
  "last_active_at",
  "cwd",
  "inactivity_timeout_ms",
  "auto_delete_after_ms",
  "ephemeral",
  "warm_pool_checkout",
] as const;
export type MachineField = (typeof MACHINE_FIELDS)[number];
