import { spawn } from 'node:child_process'

/**
 * A process that makes system calls for as long as the tests of this file run: on a quiet machine nobody else might make any.
 * Some fifty times a second, cat reads /etc/hostname.
 */
export function busy(test: { after(end: () => void): void }): void {
  const cats = spawn('bash', ['-c', 'while :; do cat /etc/hostname; sleep 0.02; done'], { stdio: 'ignore', detached: true })
  test.after(() => { process.kill(-cats.pid!, 'SIGKILL') })
}
