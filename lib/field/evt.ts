import { ARGS_FIELDS } from './evtargs.js'
import { IO_FIELDS } from './evtio.js'
import { MISC_FIELDS } from './evtmisc.js'
import { OPEN_FIELDS } from './evtopen.js'
import { RESULT_FIELDS } from './evtresult.js'
import { TIME_FIELDS } from './evttime.js'
import { TYPE_FIELDS } from './evttype.js'
import type { Field } from './field.js'

/** Fields of the event itself. */
export const EVT_FIELDS: readonly Field[] = [
  ...TYPE_FIELDS, ...TIME_FIELDS, ...ARGS_FIELDS, ...RESULT_FIELDS, ...IO_FIELDS, ...OPEN_FIELDS, ...MISC_FIELDS,
]
