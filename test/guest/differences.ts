/**
 * In what the module of 2022 (schema 1.0.0) and our eBPF probe (schema 3.5) differ when they tell of the same calls. A
 * difference that is not listed fails the test.
 */

/** Calls that the module's table has under the name of the older call. */
export const RENAMED: Readonly<Record<string, string>> = {
  dup2: 'dup', pipe2: 'pipe', eventfd2: 'eventfd',
  // rseq is younger than that table.
  rseq: '<unknown>',
}

export interface Difference {
  /** Of which events, as "> name" or "< name". */
  event: RegExp
  /** Which parameters; with a + those that only the eBPF probe has. Undefined: the whole event, which only it has. */
  params?: readonly string[]
  why: string
}

export const DIFFERENCES: readonly Difference[] = [
  // Another run
  { event: /^[<>] brk$/, params: ['addr', 'res'], why: 'where the heap lies is chosen anew for each run' },
  { event: /^< clone$|^< execve$/, params: ['ptid'], why: 'the parent is another process in each run' },
  { event: /^< clone$|^< execve$|^< brk$|^< mmap$|^< munmap$/, params: ['pgft_min', 'pgft_maj', 'vm_rss', 'vm_size'], why: 'pages that were in memory already' },
  { event: /^[<>] (sendto|recvfrom|recvmsg|sendmsg|socketpair|connect|accept)$/, params: ['source', 'peer'], why: 'addresses of sockets in kernel memory' },
  { event: /^> sendto$/, params: ['tuple'], why: 'addresses of sockets in kernel memory' },
  { event: /^< pipe/, params: ['ino'], why: 'inode numbers of pipes are counted up' },
  // Another version of the schema
  { event: /./, params: [
    '+fd', '+size', '+pos', '+ino', '+dirfd', '+path', '+flags', '+oldfd', '+newfd', '+cmd', '+domain', '+type', '+proto', '+backlog', '+res', '+msgcontrol',
    '+pid', '+resource', '+pidns_init_start_ts', '+reaper_tid', '+uid', '+gid', '+vpgid', '+cap_inheritable', '+cap_permitted', '+cap_effective',
    '+exe_ino', '+exe_ino_ctime', '+exe_ino_mtime', '+trusted_exepath',
  ], why: 'parameters that the driver got after 2022' },
  { event: /^> eventfd2$/, params: ['flags'], why: 'eventfd2 has its flags on the exit event' },
  { event: /^< execve$/, params: ['pgid'], why: 'pgid was the group in the process\'s own namespace, which is now called vpgid' },
  { event: /^< openat$/, params: ['flags'], why: 'O_F_CREATED came later' },
  // Another opinion
  { event: /^> mkdir$/, params: ['mode'], why: 'the module says 0 whatever the mode' },
  { event: /^> (read|mmap)$/, params: ['fd'], why: 'the module passes descriptor -1 on as 4294967295' },
  { event: /^< recv(from|msg)$/, params: ['tuple'], why: 'the module tells the peer only where the caller asked for its address' },
  { event: /^> signaldeliver$/, params: ['spid'], why: 'the module knows the sender of some signals only' },
  { event: /^< sigreturn$/, why: 'the module has no exit event of sigreturn' },
  { event: /^< clone$|^< execve$/, params: ['cgroups'], why: 'the module lists all cgroup controllers, we the five that matter to containers' },
  { event: /^> execve$/, params: ['filename'], why: 'a path that is not in memory is <NA> with the module, empty with us' },
]
