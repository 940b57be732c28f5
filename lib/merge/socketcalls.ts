import { EVENT_COUNT } from '../event/table.js'
import { EVENT_NAMES } from '../event/table.generated.js'

/** What a call tells of a socket. */
export const DOES = { NOTHING: 0, CONNECT: 1, ACCEPT: 2, BIND: 3, SEND: 4, RECEIVE: 5, CLOSE: 6 } as const

const CALLS: Readonly<Record<string, number>> = {
  connect: DOES.CONNECT, accept: DOES.ACCEPT, accept4: DOES.ACCEPT, bind: DOES.BIND, sendto: DOES.SEND, sendmsg: DOES.SEND,
  recvfrom: DOES.RECEIVE, recvmsg: DOES.RECEIVE, close: DOES.CLOSE,
}

const byType = Uint8Array.from({ length: EVENT_COUNT }, (_, code) => CALLS[EVENT_NAMES[code]] ?? DOES.NOTHING)

/** One of DOES, by event code. */
export function doesOf(type: number): number {
  return type < EVENT_COUNT ? byType[type] : DOES.NOTHING
}

/** By event code: 1 for exit events that tell of both ends. */
export const TELLING = Uint8Array.from(byType, (does, code) => {
  const tells = does === DOES.CONNECT || does === DOES.ACCEPT || does === DOES.SEND || does === DOES.RECEIVE
  return Number((code & 1) === 1 && tells)
})

/** In the tuple of these the other end comes first. */
export function isIncoming(does: number): boolean {
  return does === DOES.ACCEPT || does === DOES.RECEIVE
}
