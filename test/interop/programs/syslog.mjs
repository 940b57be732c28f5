// Listens where the arguments say, as a syslog daemon, while logger writes messages of several kinds to it.
import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

const [path] = process.argv.slice(2)
mkdirSync(dirname(path), { recursive: true })
const server = createServer(socket => socket.resume())
await new Promise(resolve => server.listen(path, resolve))
for (const priority of ['user.err', 'daemon.warning', 'local3.info', 'auth.emerg']) {
  await promisify(execFile)('logger', ['-u', path, '-t', 'spied', '-p', priority, `a message of ${priority}`])
}
server.close()
