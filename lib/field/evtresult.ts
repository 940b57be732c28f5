import type { Event } from '../event/event.js'
import { resolvedArgText } from '../event/text.js'
import { FD } from '../state/fdinfo.js'
import { byType } from './bytype.js'
import { define } from './define.js'
import type { Field } from './field.js'
import { Param } from './param.js'

const RES = new Param('res')
const FD_PARAM = new Param('fd')

const makesFd = byType(({ dir, flags }) => dir === 'exit' && flags.includes('CREATES_FD'), false)

/** The parameter with the result: `res`, or the fd that the call has made. */
function resultParam(ev: Event): Param | undefined {
  if (RES.indexIn(ev) >= 0) return RES
  return makesFd(ev.type) && FD_PARAM.indexIn(ev) >= 0 ? FD_PARAM : undefined
}

function result(ev: Event): number | undefined {
  return resultParam(ev)?.int64(ev)
}

function hasFailed(ev: Event): boolean {
  const value = result(ev)
  return value !== undefined && value < 0
}

/** "SUCCESS", or the name of the error. */
function resultText(ev: Event): string | undefined {
  const param = resultParam(ev)
  const value = param?.int64(ev)
  if (param === undefined || value === undefined) return undefined
  return value >= 0 ? 'SUCCESS' : resolvedArgText(ev, param.indexIn(ev))
}

const isFileCall = byType(({ const: code }) => /^PPME_SYSCALL_(OPEN|CREAT|OPENAT|OPENAT_2|OPENAT2)_X$/.test(code), false)
const isNetCall = byType(({ const: code }) => /^PPME_SOCKET_((ACCEPT|ACCEPT4)(_5)?|CONNECT)_X$/.test(code), false)
const isMemoryCall = byType(({ category }) => category === 'MEMORY', false)

/** What a failed call was about: what its fd is or, where that is not known, what such calls are about. */
function isFileError(ev: Event): boolean {
  const fd = ev._fd
  return fd === undefined ? isFileCall(ev.type) : fd.isFile || fd.type === FD.DIRECTORY
}

function isNetError(ev: Event): boolean {
  const fd = ev._fd
  return fd === undefined ? isNetCall(ev.type) : fd.isIpSocket || fd.isServerSocket || fd.type === FD.UNIX
}

function isOtherError(ev: Event): boolean {
  return !isFileError(ev) && !isNetError(ev) && !(ev._fd === undefined && isMemoryCall(ev.type))
}

/** A field that is 1 for some events and has no value for all others: for sums. */
function count(suffix: string, doc: string, is: (ev: Event) => boolean, needsFd = false): Field {
  const needs = needsFd ? { needs: ['fd'] as const } : {}
  return define(`evt.count${suffix}`, 'UINT32', `1 for ${doc}.`, (ev) => (is(ev) ? 1 : undefined), needs)
}

const isProcinfo = byType(({ const: code }) => code === 'PPME_PROCINFO_E', false)

export const RESULT_FIELDS: readonly Field[] = [
  define('evt.res', 'CHARBUF', 'SUCCESS, or the name of the error: ENOENT.', resultText),
  define('evt.rawres', 'INT64', 'The result as a number; of calls that failed, the error with a minus.', result),
  define('evt.failed', 'BOOL', 'Did the call fail?', hasFailed),
  count('', 'every event', () => true),
  count('.error', 'calls that failed', hasFailed),
  count('.error.file', 'calls on files that failed', (ev) => isFileError(ev) && hasFailed(ev), true),
  count('.error.net', 'calls on sockets that failed', (ev) => isNetError(ev) && hasFailed(ev), true),
  count('.error.memory', 'calls about memory that failed', (ev) => isMemoryCall(ev.type) && hasFailed(ev)),
  count('.error.other', 'calls on anything else that failed', (ev) => isOtherError(ev) && hasFailed(ev), true),
  count('.exit', 'exit events', (ev) => (ev.type & 1) === 1),
  count('.procinfo', 'procinfo events of main threads', (ev) => isProcinfo(ev.type) && ev._state?.thread(ev.tid)?.isMain === true),
  count('.threadinfo', 'procinfo events', (ev) => isProcinfo(ev.type)),
]
