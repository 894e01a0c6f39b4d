/** What the members of a step are called here, where the service calls them something else. */
const NAMES = { kind: "action", cmd: "command", global: "g", forceUpload: "force_upload" } as const;
const BACK = Object.fromEntries(Object.entries(NAMES).map(([here, there]) => [there, here]));

/** A step of the provider with the service's names of its members. */
export function toWireNames(step: object): object {
  return rename(step, NAMES) as object;
}

/** A step of the service, or of the SDK's builder, with the provider's names, and permission bits as text. */
export function fromWireNames(step: object): object {
  return withTextModes(rename(step, BACK)) as object;
}

function rename(value: unknown, names: Readonly<Record<string, string>>): unknown {
  return mapMembers(value, (name, member) => [names[name] ?? name, rename(member, names)]);
}

/** The service takes permission bits as a number, too. */
function withTextModes(value: unknown): unknown {
  return mapMembers(value, (name, member) => {
    const isNumber = name === "mode" && typeof member === "number";
    return [name, isNumber ? member.toString(8).padStart(4, "0") : withTextModes(member)];
  });
}

function mapMembers(value: unknown, map: (name: string, member: unknown) => [string, unknown]): unknown {
  if (Array.isArray(value)) return value.map((member) => mapMembers(member, map));
  if (typeof value !== "object" || value === null) return value;
  const present = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(present.map(([name, member]) => map(name, member)));
}
