/** Numbers of terminals, as devices are numbered in the driver's events: new_encode_dev in linux/kdev_t.h. */

// linux/major.h
const TTY_MAJOR = 4
const UNIX98_PTY_SLAVE_MAJOR = 136
/** Of TTY_MAJOR: virtual consoles are below it, serial lines from it on. */
const FIRST_SERIAL = 64

/**
 * Filter for standard input and output of which nothing is known. Since glibc 2.26 openpty(3) gets the other end of a terminal by an ioctl
 * (TIOCGPTPEER), which no event tells of; for a process on a terminal that is the one they are.
 */
export const UNTOLD_STDIO = '(fd.num in (0, 1, 2) and not fd.type exists)'

/** "/dev/pts/3"; undefined of 0, which is none, and of those that have no well-known name. */
export function terminalName(device: number): string | undefined {
  const major = device >>> 8 & 0xfff
  const minor = (device & 0xff) | (device >>> 12 & 0xfff00)
  if (major === UNIX98_PTY_SLAVE_MAJOR) return `/dev/pts/${minor}`
  if (major !== TTY_MAJOR) return undefined
  return minor < FIRST_SERIAL ? `/dev/tty${minor}` : `/dev/ttyS${minor - FIRST_SERIAL}`
}

/** The other way round. */
export function terminalDevice(name: string): number | undefined {
  const [, kind, digits] = /^\/dev\/(pts\/|ttyS|tty)(\d{1,6})$/.exec(name) ?? []
  if (kind === undefined) return undefined
  const number = Number(digits)
  const [major, minor] = kind === 'pts/' ? [UNIX98_PTY_SLAVE_MAJOR, number] : [TTY_MAJOR, kind === 'tty' ? number : number + FIRST_SERIAL]
  return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)
}
