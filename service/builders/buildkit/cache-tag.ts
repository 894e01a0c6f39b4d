/** Tag of a template's build cache in the repository of a service. */
export function cacheTag(instanceId: string, templateKey: number): string {
  return `${cacheTagPrefix(instanceId)}${templateKey}`;
}

/** How the tags of a service's build caches begin. */
export function cacheTagPrefix(instanceId: string): string {
  return `cache-${instanceId}-`;
}
