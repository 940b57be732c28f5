import { addressText } from '../event/address.js'
import type { Event } from '../event/event.js'
import { valueTest } from '../filter/compare.js'
import { define } from './define.js'
import { CLIENT, hasTwoEnds, ipAt, ipBytes, KNOWN_SERVER, LOCAL, portAt, REMOTE, SERVER, type Which } from './fd.end.js'
import { fdOf } from './fd.event.js'
import { matchIp } from './fd.match.js'
import type { Extractor, Field, Value } from './field.js'

const NEEDS = ['thread', 'fd'] as const
const DOT = 0x2e

/** The address of one end. */
function address(which: Which, type: 'IPADDR' | 'IPNET'): Extractor {
  return {
    get(ev) {
      const ip = ipAt(ev, which)
      return ip === undefined ? undefined : ipBytes(ip)
    },
    write(out, ev) {
      const ip = ipAt(ev, which)
      if (ip === undefined) return false
      if (typeof ip !== 'number') {
        out.text(addressText(ip))
        return true
      }
      out.reserve(0)
      for (let shift = 24; shift >= 0; shift -= 8) {
        out.decimal(ip >>> shift & 0xff)
        if (shift > 0) out.byte(DOT)
      }
      return true
    },
    compare(operator, operands) {
      const { test, isNegated } = matchIp(type, operator, operands)
      return (ev) => {
        const ip = ipAt(ev, which)
        return ip !== undefined && test(ip) !== isNegated
      }
    },
  }
}

/** Either end: a check is true if it is of one of them; `!=` is true if it is of both. */
function eitherAddress(type: 'IPADDR' | 'IPNET'): Extractor {
  return {
    get: () => undefined,
    compare(operator, operands) {
      const { test, isNegated } = matchIp(type, operator, operands)
      return (ev) => {
        const fd = fdOf(ev)
        if (fd === undefined || !(fd.isIpSocket || fd.isServerSocket)) return false
        return (test(fd.sip) || (hasTwoEnds(fd) && test(fd.dip))) !== isNegated
      }
    },
  }
}

const eitherPort: Extractor = {
  get: () => undefined,
  compare(operator, operands) {
    const test = valueTest('PORT', operator, operands)
    return (ev) => {
      const fd = fdOf(ev)
      if (fd === undefined) return false
      if (!hasTwoEnds(fd)) return fd.isServerSocket && test(fd.sport)
      return operator === '!=' ? test(fd.sport) && test(fd.dport) : test(fd.sport) || test(fd.dport)
    }
  },
}

const port = (which: Which): Extractor => ({ get: (ev) => portAt(ev, which) })

/** A port as text. Of a socket with a role that has no such end it is ''. */
function protocol(which: Which): (ev: Event) => Value | undefined {
  return (ev) => {
    const fd = fdOf(ev)
    if (fd === undefined) return undefined
    if (fd.isServerSocket && which === SERVER) return ''
    if (!fd.isIpSocket) return which === CLIENT && !fd.hasNoRole ? '' : undefined
    const found = portAt(ev, which)
    return found === undefined ? undefined : `${found}`
  }
}

interface EndNames { letter: string; whose: string; which: Which; whichIp?: Which }

const ENDS: readonly EndNames[] = [
  { letter: 'c', whose: 'the client', which: CLIENT },
  { letter: 's', whose: 'the server', which: SERVER, whichIp: KNOWN_SERVER },
  { letter: 'l', whose: 'the end on this machine', which: LOCAL },
  { letter: 'r', whose: 'the end elsewhere', which: REMOTE },
]

/** In a savefile no names of addresses stand, and none are asked for: reading a file makes no connection. */
const noName: Extractor = { get: () => undefined }

/** Who talks to whom. */
export const ADDRESS_FIELDS: readonly Field[] = [
  define('fd.ip', 'IPADDR', 'The IP address of either end.', eitherAddress('IPADDR'), { needs: NEEDS, filterOnly: true }),
  ...ENDS.map(({ letter, whose, which, whichIp = which }) =>
    define(`fd.${letter}ip`, 'IPADDR', `IP address of ${whose}.`, address(whichIp, 'IPADDR'), { needs: NEEDS })),
  define('fd.net', 'IPNET', 'The network that the IP address of either end is in.', eitherAddress('IPNET'), {
    needs: NEEDS, filterOnly: true,
  }),
  ...ENDS.map(({ letter, whose, which, whichIp = which }) => define(`fd.${letter}net`, 'IPNET',
    `The network that the IP address of ${whose} is in.`, address(whichIp, 'IPNET'), { needs: NEEDS, filterOnly: true })),
  define('fd.port', 'PORT', 'The port of either end.', eitherPort, { needs: NEEDS, filterOnly: true }),
  ...ENDS.map(({ letter, whose, which }) => define(`fd.${letter}port`, 'PORT', `Port of ${whose}.`, port(which), { needs: NEEDS })),
  define('fd.proto', 'PORT', 'The port of either end, as fd.port.', eitherPort, { needs: NEEDS, filterOnly: true }),
  ...ENDS.map(({ letter, whose, which }) =>
    define(`fd.${letter}proto`, 'CHARBUF', `Port of ${whose}, as text.`, protocol(which), { needs: NEEDS })),
  ...ENDS.map(({ letter, whose }) => define(`fd.${letter}ip.name`, 'CHARBUF',
    `Domain name of ${whose}: never known, because no name server is asked.`, noName, { needs: NEEDS })),
]
