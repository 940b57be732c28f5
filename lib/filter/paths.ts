/** A node of a tree of directories: what is below it, or all of that. */
interface Directory {
  all: boolean
  readonly below: Map<string, Directory>
}

/** Is a path one of `paths`, or below one? Slashes at the ends and doubled ones do not count; '' and '/' are above everything. */
export function pathsBelow(paths: readonly string[]): (path: string) => boolean {
  const root: Directory = { all: false, below: new Map() }
  for (const path of paths) {
    let at = root
    for (const name of path.split('/')) if (name !== '') at = child(at, name)
    at.all = true
  }
  return path => isBelow(root, path)
}

function child(directory: Directory, name: string): Directory {
  const known = directory.below.get(name)
  if (known !== undefined) return known
  const made: Directory = { all: false, below: new Map() }
  directory.below.set(name, made)
  return made
}

function isBelow(root: Directory, path: string): boolean {
  let at: Directory | undefined = root
  for (let start = 0; start <= path.length;) {
    if (at.all) return true
    const slash = path.indexOf('/', start)
    const end = slash < 0 ? path.length : slash
    if (end > start) {
      at = at.below.get(path.slice(start, end))
      if (at === undefined) return false
    }
    start = end + 1
  }
  return at.all
}
