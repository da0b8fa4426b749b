/**
 * Exact versions out of a uv.lock, as constraints of pip. A package with several versions, for several platforms, is left
 * to the resolver; so are those that no index has (folders, repositories), which a model's folder cannot hold anyway.
 * The file is written by uv alone, one value a line: that much of TOML is read.
 */
export function pinsOf(lock: string): string[] {
  const versions = new Map<string, Set<string>>();
  for (const entry of lock.split(/^\[\[package\]\]\s*$/m).slice(1)) {
    // What follows in tables of its own is not the package's.
    const own = entry.split(/^\[/m)[0] ?? '';
    const value = (key: string) => new RegExp(`^${key} = "([^"\\\\]+)"\\s*$`, 'm').exec(own)?.[1];
    const [name, version] = [value('name'), value('version')];
    if (name === undefined || version === undefined || !/^source = \{ registry = /m.test(own)) continue;
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  return [...versions]
    .flatMap(([name, found]) => (found.size === 1 ? [...found].map((version) => `${name}==${version}`) : []))
    .toSorted();
}
