import { readFileSync } from 'node:fs'

/** Where the machine has no /etc/services. */
const WELL_KNOWN = `ftp-data 20 ftp 21 ssh 22 telnet 23 smtp 25 domain 53 tftp 69 gopher 70 finger 79 http 80 kerberos 88
  pop3 110 sunrpc 111 ntp 123 imap2 143 snmp 161 bgp 179 irc 194 ldap 389 https 443 microsoft-ds 445 submissions 465 syslog 514
  submission 587 ldaps 636 rsync 873 imaps 993 pop3s 995 socks 1080 ms-sql-s 1433
  mqtt 1883 nfs 2049 mysql 3306 postgresql 5432 amqp 5672 x11 6000 redis 6379 http-alt 8080`

let services: ReadonlyMap<string, number> | undefined

/** The port of a service by its name or alias, as getservbyname finds it; undefined if there is none of that name. */
export function servicePort(name: string): number | undefined {
  return (services ??= read()).get(name)
}

function read(): Map<string, number> {
  const ports = new Map<string, number>()
  let text = ''
  try {
    text = readFileSync('/etc/services', 'utf8')
  } catch {
    // Not every machine has one.
  }
  // The first line with a name wins, as for getservbyname.
  const add = (name: string, port: number) => ports.has(name) || ports.set(name, port)
  for (const line of text.split('\n')) {
    const match = /^([^#\s]+)\s+(\d+)\/\w+([^#]*)/.exec(line)
    if (match === null) continue
    for (const name of [match[1], ...match[3].split(/\s+/)]) if (name !== '') add(name, Number(match[2]))
  }
  if (ports.size > 0) return ports
  const words = WELL_KNOWN.split(/\s+/)
  for (let i = 0; i < words.length; i += 2) add(words[i], Number(words[i + 1]))
  return ports
}
