/** What a walk is limited to, as seen from one directory: the names to look at, and nothing else is looked at. */
export interface SourceNode {
  /** All of it is wanted: it is a source, or lies below one. */
  readonly isWhole: boolean;
  /** The first source that was named and is this, or lies below it. Latin-1. */
  readonly source?: string;
  /** The names on the way to sources, Latin-1. Not all that is wanted when it is wanted whole. */
  readonly children: ReadonlyMap<string, SourceNode>;
}

interface GrowingNode extends SourceNode {
  isWhole: boolean;
  source?: string;
  readonly children: Map<string, GrowingNode>;
}

/**
 * @param named the sources, sorted, as paths below the root; empty for the root itself. Latin-1
 * @param besides files that are wanted without having been named
 */
export function sourceTree(named: readonly string[], besides: readonly string[]): SourceNode {
  const root: GrowingNode = { isWhole: false, children: new Map() };
  const plant = (path: string, source?: string): void => {
    let node = root;
    node.source ??= source;
    for (const name of path === "" ? [] : path.split("/")) {
      let child = node.children.get(name);
      // Those above others come first, so that it is known by now whether all of it is wanted.
      if (!child) node.children.set(name, (child = { isWhole: node.isWhole, children: new Map() }));
      node = child;
      node.source ??= source;
    }
    node.isWhole = true;
  };
  for (const path of named) plant(path, path);
  for (const path of besides) plant(path);
  return root;
}
