/** Where sysdig's buffer for a path ends. */
const SHOWN = 1023

/**
 * A path as sysdig 0.29 shows the resolved form of a relative one: "." and ".." taken out, slashes made single, no
 * slash at the end, and a dot for every byte that is not printable ASCII. `base` is the directory that it is relative
 * to, '' where that is not known.
 *
 * It takes "./" and "../" for what they are not in names that end with a dot ("a./b" becomes "ab"); that is sysdig's
 * way, kept because this text is compared with sysdig's. Where a path must be right, join it otherwise.
 */
export function displayPath(base: string, path: string): string {
  const source = base === '' || base.endsWith('/') ? base + path : `${base}/${path}`
  let out = ''
  let i = 0
  const parent = () => {
    if (out.length > 1) out = out.slice(0, out.lastIndexOf('/', out.length - 2) + 1)
  }
  while (i < source.length && out.length < SHOWN) {
    const char = source[i]
    if (char === '.') {
      const next = source[i + 1]
      if (next === '.') {
        const after = source[i + 2]
        if (after === '/' || after === undefined) {
          parent()
          i += after === undefined ? 2 : 3
        } else {
          out += '..'
          i += 2
        }
      } else if (next === '/') {
        i += 2
      } else {
        if (next !== undefined) out += char
        i++
      }
    } else {
      if (char !== '/' || !out.endsWith('/')) out += char < ' ' || char > '~' ? '.' : char
      i++
    }
  }
  return out.length > 1 && out.endsWith('/') ? out.slice(0, -1) : out
}
