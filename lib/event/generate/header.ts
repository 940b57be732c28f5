import {
  arm64Rows, bothModelPair, exitModelPair, type Ia32Row, ia32Rows, socketcallRows, type SourceTables, type SyscallRow,
} from './source.js'

/** events.generated.h: what the probe has to know, in C. */
export function header(source: SourceTables, banner: string): string {
  return `/* ${banner} */
/* Copyright (C) 2023 The Falco Authors (the data; MIT, see lib/event/tables/NOTICE). */
#ifndef SYSRING_EVENTS_GENERATED_H
#define SYSRING_EVENTS_GENERATED_H

enum ppm_event_code {
${source.events.slice(0, source.eventMax).map((e) => `\t${e.const} = ${e.code},`).join('\n')}
\tPPM_EVENT_MAX = ${source.eventMax},
};

/*
 * X(nr, name, enter_code_both, exit_code_both, enter_code_exit_model, exit_code_exit_model, ppm_sc_both, ppm_sc)
 *
 * The system calls of x86_64. In the enter+exit model ("both") a call is sent as the newest version of its event that
 * sysdig 0.29.3 can read, if that carries the same parameters as the current version; in the exit-only model always
 * as the current version. Calls without an event of their own are PPME_GENERIC_E/X with their ppm_sc; in the
 * enter+exit model it is 0 (unknown) where sysdig 0.29.3 has no such code, because it crashes on one.
 */
#define SYSCALLS_X86_64(X) \\
${syscalls(source.syscalls, source).join(' \\\n')}

/* The same for arm64, whose numbers are those of asm-generic. */
#define SYSCALLS_ARM64(X) \\
${syscalls(arm64Rows(source), source).join(' \\\n')}

/*
 * X(nr, name, nr_x86_64, generic)
 *
 * Which system call of x86_64 one of a 32-bit process is; generic: its arguments are laid out in another way.
 */
#define SYSCALLS_IA32(X) \\
${ia32(ia32Rows(source)).join(' \\\n')}

/* The same for what socketcall() calls, by its first argument. */
#define SOCKETCALLS_IA32(X) \\
${ia32(socketcallRows(source)).join(' \\\n')}

/*
 * Flag values as they are on the wire, which are often not the kernel's own.
 *
 * Every entry of every flag table is PPM_<TABLE>_<NAME>: file_flags O_RDONLY is PPM_FILE_FLAGS_O_RDONLY. It is also
 * PPM_<NAME> where that is unambiguous: PPM_O_RDONLY. A name with different values in several tables has no short
 * form, except that PPM_O_* and PPM_AT_* are those of file_flags, linkat_flags and newfstatat_flags.
 */
${flags(source).join('\n')}

#endif
`
}

function ia32(rows: Ia32Row[]): string[] {
  return rows.map(({ nr, name, native, generic }) => `\tX(${nr}, ${name}, ${native}, ${generic ? 1 : 0})`)
}

function syscalls(rows: SyscallRow[], source: SourceTables): string[] {
  return rows.map((call) => {
    const both = bothModelPair(call, source)
    const exit = exitModelPair(call)
    return `\tX(${[call.nr, call.name, both.enter, both.exit, exit.enter, exit.exit, call.ppm_sc <= source.lastPpmScOf0293 ? call.ppm_sc : 0, call.ppm_sc].join(', ')})`
  })
}

/** The tables whose values the short form takes where names clash. */
const SHORT_FORM_OF = ['file_flags', 'linkat_flags', 'newfstatat_flags']

function flags(source: SourceTables): string[] {
  const values = new Map<string, Set<number>>()
  for (const entries of Object.values(source.flagTables)) {
    for (const { name, value } of entries) values.set(name, (values.get(name) ?? new Set()).add(value))
  }
  const defined = new Set<string>()
  const lines: string[] = []
  const define = (name: string, value: number) => {
    if (defined.has(name)) return
    defined.add(name)
    lines.push(`#define ${name} ${value > 0x7fffffff ? `${value}U` : value}`)
  }
  for (const [table, entries] of Object.entries(source.flagTables)) {
    lines.push('', `/* ${table} */`)
    for (const { name, value } of entries) {
      define(`PPM_${table.toUpperCase()}_${name}`, value)
      if (values.get(name)!.size === 1 || SHORT_FORM_OF.includes(table)) define(`PPM_${name}`, value)
    }
  }
  return lines
}
