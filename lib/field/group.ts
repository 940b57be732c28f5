import { ofThread } from './define.js'
import type { Field } from './field.js'

export const GROUP_FIELDS: readonly Field[] = [
  ofThread('group.gid', 'UINT32', 'Id of the process\'s group of users.', (thread) => thread.gid >>> 0),
  ofThread('group.name', 'CHARBUF', 'Name of the process\'s group of users.', (thread, ev) => ev._state!.groups.get(thread.gid)?.name, {
    needs: ['thread', 'user'],
  }),
]
