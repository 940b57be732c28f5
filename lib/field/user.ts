import { define, ofThread } from './define.js'
import type { Extractor, Field } from './field.js'

const name: Extractor = {
  get: (ev) => (ev._thread === undefined ? undefined : ev._state!.users.get(ev._thread.uid)?.name),
  write(out, ev) {
    const thread = ev._thread
    const user = thread === undefined ? undefined : ev._state!.users.get(thread.uid)
    if (user === undefined) return false
    out.text(user.name)
    return true
  },
}

export const USER_FIELDS: readonly Field[] = [
  ofThread('user.uid', 'UINT32', 'Id of the user whom the process belongs to.', (thread) => thread.uid >>> 0),
  define('user.name', 'CHARBUF', 'Name of the user whom the process belongs to.', name, { needs: ['thread', 'user'] }),
  ofThread('user.homedir', 'CHARBUF', 'The user\'s home directory.', (thread, ev) => ev._state!.users.get(thread.uid)?.home, {
    needs: ['thread', 'user'],
  }),
  ofThread('user.shell', 'CHARBUF', 'The user\'s shell.', (thread, ev) => ev._state!.users.get(thread.uid)?.shell, {
    needs: ['thread', 'user'],
  }),
  ofThread('user.loginuid', 'INT32', 'Id of the user who logged in, whoever the process became since (audit); -1 for none.',
    (thread) => thread.loginuid | 0),
  ofThread('user.loginname', 'CHARBUF', 'Name of the user who logged in.',
    (thread, ev) => ev._state!.users.get(thread.loginuid >>> 0)?.name, { needs: ['thread', 'user'] }),
]
