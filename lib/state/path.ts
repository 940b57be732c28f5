/**
 * The path that `path` means when it starts in `base`: absolute paths stand for themselves; "." and ".." are taken out,
 * slashes made single, and the one at the end dropped. Links are not followed: nobody can tell any more where they went.
 */
export function joinPath(base: string, path: string): string {
  const whole = path.startsWith('/') ? path : base === '' || base.endsWith('/') ? base + path : `${base}/${path}`
  return isClean(whole) ? whole : clean(whole)
}

const SLASH = 0x2f
const DOT = 0x2e

/** Nearly all paths are: nothing in them has to be taken out. */
function isClean(path: string): boolean {
  let before = 0
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i)
    if (before === SLASH && (code === SLASH || code === DOT)) return false
    before = code
  }
  return (before !== SLASH || path.length === 1) && path.charCodeAt(0) !== DOT
}

function clean(path: string): string {
  const absolute = path.startsWith('/')
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return (absolute ? '/' : '') + parts.join('/')
}
