// The first stage of stages.ts: only calls that read, write or open files and sockets go on. False: the event goes no further.
import type { Stage } from 'sysring'

const NAMES = new Set(['read', 'write', 'openat', 'connect', 'accept4', 'sendto', 'recvfrom', 'fsync'])

export default (ev => NAMES.has(ev.name)) satisfies Stage
