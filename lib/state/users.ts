import { readFileSync } from 'node:fs'

export interface User {
  uid: number
  gid: number
  name: string
  home: string
  shell: string
}

export interface Group {
  gid: number
  name: string
}

/** The users in this machine's own file. Those of a directory service are not among them. */
export function readUsers(passwd = '/etc/passwd'): User[] {
  return lines(passwd).flatMap(([name, , uid, gid, , home = '', shell = '']) =>
    isId(uid) && isId(gid) ? [{ uid: Number(uid), gid: Number(gid), name, home, shell }] : [])
}

export function readGroups(group = '/etc/group'): Group[] {
  return lines(group).flatMap(([name, , gid]) => isId(gid) ? [{ gid: Number(gid), name }] : [])
}

function lines(path: string): string[][] {
  try {
    return readFileSync(path, 'utf8').split('\n').map((line) => line.split(':'))
  } catch {
    return []
  }
}

function isId(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,10}$/.test(text)
}
