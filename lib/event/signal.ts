/** Names of signals by number. Source: signal(7), x86 and ARM; 0 is no signal. */
export const SIGNALS: readonly string[] = [
  '', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGKILL', 'SIGUSR1',
  'SIGSEGV', 'SIGUSR2', 'SIGPIPE', 'SIGALRM', 'SIGTERM', 'SIGSTKFLT', 'SIGCHLD', 'SIGCONT', 'SIGSTOP', 'SIGTSTP',
  'SIGTTIN', 'SIGTTOU', 'SIGURG', 'SIGXCPU', 'SIGXFSZ', 'SIGVTALRM', 'SIGPROF', 'SIGWINCH', 'SIGIO', 'SIGPWR',
  'SIGSYS',
]

/** Names of the signals in a set; bit 0 is signal 1. */
export function signalSet(bits: number): string[] {
  const names: string[] = []
  for (let signal = 1; signal <= 32; signal++) {
    if ((bits >>> (signal - 1)) & 1) names.push(SIGNALS[signal] ?? `SIG${signal}`)
  }
  return names
}
