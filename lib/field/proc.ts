import type { Field } from './field.js'
import { ANCESTOR_FIELDS } from './proc.ancestor.js'
import { COMMAND_FIELDS } from './proc.command.js'
import { EXECUTABLE_FIELDS } from './proc.executable.js'
import { GROUP_LEADER_FIELDS } from './proc.leader.js'
import { IDENTITY_FIELDS } from './proc.identity.js'
import { PROBE_FIELDS } from './proc.probe.js'
import { RESOURCE_FIELDS } from './proc.resource.js'
import { STDIO_FIELDS } from './proc.stdio.js'

export const PROC_FIELDS: readonly Field[] = [
  ...IDENTITY_FIELDS, ...COMMAND_FIELDS, ...ANCESTOR_FIELDS, ...GROUP_LEADER_FIELDS, ...EXECUTABLE_FIELDS, ...RESOURCE_FIELDS,
  ...STDIO_FIELDS, ...PROBE_FIELDS,
]
