/**
 * Filters that sysdig 0.29 takes, each with the files that it is tried on: it selects something, and not everything, in at
 * least one of them.
 *
 * Not among them, because sysdig asks before it knows: an event that cannot change its state is filtered first and put together
 * with what is known afterwards. evt.category, evt.buflen, proc.vmsize, thread.pfminor and their like are then those of the event
 * before, and a filter on them selects other events than those for which sysdig prints that value. Here both are the same.
 */
export const FILES = { full: 'vectors/full.scap', small: 'small.scap', medium: 'medium.scap.gz', both: 'both.scap.gz' } as const

export type File = keyof typeof FILES

const filters = (files: readonly File[], text: string): [string, readonly File[]][] =>
  text.split('\n').map(line => line.trim()).filter(line => line !== '').map(line => [line, files])

export const FILTERS: readonly (readonly [filter: string, files: readonly File[]])[] = [
  ...filters(['full', 'small'], String.raw`
    evt.type=open
    evt.type = openat
    evt.type!=open
    evt.type in (open, close)
    evt.type in (open,close,read , write)
    evt.type>open
    evt.type<=open
    evt.type exists and evt.num<9
    evt.type startswith open
    evt.type endswith read
    evt.type contains read
    evt.type icontains close
    evt.type glob open
    not evt.type=open
    not evt.type in (read, write)
    syscall.type=open
    syscall.type=switch or syscall.type=close
    syscall.type in (openat, socket)
    syscall.type startswith s
    syscall.type contains e
    syscall.type glob *at
    evt.type.is.open=1
    evt.type.is.close = 1
    evt.type.is.read=0
    evt.type.is.3=1
    evt.dir=>
    evt.dir=<
    evt.dir="<"
    evt.dir='>'
    evt.dir!=<
    evt.dir>=>
    evt.dir in (<)
    evt.category=file
    evt.category=net
    evt.category in (memory, process, IPC)
    evt.category=wait
    evt.cpu=0
    evt.cpu!=0
    evt.cpu>0
    evt.cpu<1
    evt.cpu in (1, 2, 3)
    evt.cpu = +1
    evt.num=5
    evt.num in (1,2,3)
    evt.num in(1,2)
    evt.num<10
    evt.num<=10
    evt.num>10
    evt.num>=10
    evt.num!=3
    evt.num= 4
    evt.num>1 and evt.num<4
    evt.failed=true
    evt.failed!=true
    evt.failed=false
    evt.failed in (true)
    evt.failed>false
    evt.res=ENOENT
    evt.res=SUCCESS
    evt.res!=SUCCESS
    evt.res exists
    evt.res contains NOE
    evt.res in (ENOENT, EAGAIN)
    evt.rawres<0
    evt.rawres=-2
    evt.rawres>=0
    evt.rawres>3
    evt.rawres in (0, -2)
    evt.rawres exists
    evt.rawres!=0
    evt.is_io=true
    evt.is_io_read=true
    evt.is_io_write=true
    evt.is_io!=true
    evt.is_wait=true
    evt.io_dir=read
    evt.io_dir exists
    evt.io_dir!=read
    evt.buffer exists
    evt.count.error=1
    evt.count.exit=1
    evt.latency>0
    evt.type in (getrandom, arch_prctl, set_tid_address) and evt.dir=< and evt.latency>0
    evt.latency>100000
    evt.latency.ns exists and evt.latency>1
    evt.deltatime>1000
    evt.reltime>1000000
    evt.reltime<=1000000
    evt.rawtime.ns>500000000
    evt.args contains fd
    evt.args startswith fd=
    evt.info contains res=
    evt.arg.fd exists
    evt.arg.fd contains /
    evt.arg.res=0
    evt.arg.size>10
    evt.rawarg.size>10
    evt.rawarg.size>=4096
    evt.rawarg.res<0
    evt.rawarg.fd=3
    evt.rawarg.fd<0
    evt.arg.flags contains O_RDONLY
    evt.arg.flags=O_RDONLY
    evt.rawarg.flags=1
    evt.arg.name contains e
    evt.rawarg.name contains /
    evt.arg[0]=3
    evt.arg[0] contains /
    evt.arg[1] exists
    evt.abspath exists or evt.num<4
    evt.is_open_read=true
    evt.is_open_write=true or evt.num=1
    evt.is_syslog=false and evt.num=2`),
  ...filters(['full', 'medium'], String.raw`
    fd.name contains pass
    fd.name icontains PASS
    fd.name=/etc/passwd
    fd.name!=/etc/passwd
    fd.name exists
    not fd.name exists
    not fd.name contains pass
    not fd.name=/etc/passwd and fd.name exists
    fd.name startswith /etc
    fd.name endswith wd
    fd.name glob /etc/*
    fd.name glob *passwd
    fd.name glob "*[po]asswd"
    fd.name glob /etc/[!a-o]asswd
    fd.name glob ???????????
    fd.name glob /*/*
    fd.name pmatch (/etc)
    fd.name pmatch (/etc, /usr, /tmp/)
    fd.name pmatch (etc)
    fd.name pmatch (/)
    fd.name in (/etc/passwd, /dev/null)
    fd.name in ("/etc/passwd")
    fd.name in ('/tmp/wf1',"/tmp/wf0")
    fd.name>/etc
    fd.name</etc/q
    fd.name contains "\x70ass"
    fd.name contains '->'
    fd.name=''
    fd.num=3
    fd.num>3
    fd.num in (3,4)
    fd.num!=3
    fd.num<0 or fd.num=4
    fd.num exists
    fd.type=file
    fd.type=ipv4
    fd.type in (ipv4, ipv6)
    fd.type!=file
    fd.type contains v
    fd.typechar=f
    fd.typechar=4
    fd.directory=/etc
    fd.directory exists
    fd.directory pmatch (/etc, /tmp)
    fd.filename=passwd
    fd.filename startswith p
    fd.filename glob wf?
    fd.ip=127.0.0.1
    fd.ip=10.0.0.1
    fd.ip!=10.0.0.1
    fd.ip in (127.0.0.1, 10.0.0.1)
    fd.ip=0.0.0.0
    fd.sip=127.0.0.1
    fd.sip=10.0.0.1
    fd.sip!=10.0.0.1
    fd.cip=127.0.0.1
    fd.cip in (127.0.0.1, 10.0.0.2)
    fd.lip=127.0.0.1 or fd.lip=10.0.0.1
    fd.rip exists
    fd.net=127.0.0.0/8
    fd.net=10.0.0.0/8
    fd.net!=10.0.0.0/8
    fd.net in (10.0.0.0/8, 192.168.0.0/16)
    fd.snet=10.0.0.0/8
    fd.snet=0.0.0.0/0
    fd.snet=127.0.0.0/24
    fd.cnet=127.0.0.1/32
    fd.port=80
    fd.port=9000
    fd.port in (80, 9000, 8080)
    fd.port=http
    fd.port>8080
    fd.port!=80
    fd.sport=80
    fd.sport=9000
    fd.sport>79
    fd.sport in (80,9000)
    fd.sport=65616
    fd.sport=http
    fd.cport>1000
    fd.cport=1234
    fd.cport exists and evt.type=connect
    fd.lport exists
    fd.rport=80 or fd.rport=9000
    fd.proto=http or fd.sport=9000
    fd.l4proto=tcp
    fd.l4proto exists
    fd.sockfamily=ip
    fd.is_server=true
    fd.is_server=false
    fd.uid contains 3
    fd.containername contains etc
    fd.containerdirectory contains etc
    fd.dev exists
    fd.dev.major>=0 and fd.num=3
    fd.connected=true
    fdlist.nums contains 3
    fdlist.names contains ->
    fdlist.nums exists
    fdlist.names exists
    fdlist.sports exists
    fdlist.sips contains 127
    fdlist.cports exists`),
  ...filters(['small', 'medium'], String.raw`
    proc.name=work
    proc.name!=work
    proc.name in (work, httpd)
    proc.name contains or
    proc.name icontains WOR
    proc.name startswith w
    proc.name endswith d
    proc.name glob w*
    proc.name glob [a-h]*
    proc.name>httpd
    proc.name<=httpd
    not proc.name=work
    not proc.name in (work,init)
    proc.pname=init
    proc.pname exists
    proc.pname!=init
    proc.aname=init
    proc.aname[1]=init
    proc.aname[2]=init
    proc.aname in (work)
    proc.aname[0]=work
    proc.exe contains work
    proc.exe startswith /
    proc.exepath exists
    proc.args contains -
    proc.cmdline startswith work
    proc.cmdline contains ' '
    proc.pcmdline exists
    proc.exeline contains work
    proc.env exists and evt.num<100
    proc.cwd=/
    proc.pid=1
    proc.pid!=1
    proc.pid>100
    proc.pid in (1, 2)
    proc.ppid=1
    proc.ppid>1
    proc.apid=1
    proc.apid[1]=1
    proc.vpid=1
    proc.sid>1
    proc.sid<=1
    proc.vpgid exists
    proc.nthreads=1
    proc.nthreads>1
    proc.nchilds>0
    proc.fdlimit>0
    proc.duration>1000
    proc.tty=0 and evt.cpu=0
    proc.is_exe_writable=true
    proc.vmrss>0
    thread.tid=1
    thread.tid>100
    thread.tid!=1
    thread.tid in (1,2,3)
    thread.ismain=true
    thread.ismain=false
    thread.vtid>100
    thread.nametid startswith work
    thread.exectime>0
    thread.totexectime>0
    thread.cgroups exists and proc.name=work
    thread.cgroup.memory exists and proc.name=work
    thread.vmsize>0
    thread.vmrss.b>0
    user.uid=0
    user.name=root
    user.homedir=/root and evt.num<50
    user.shell contains sh
    user.loginuid=-1
    group.name=root and evt.dir=<
    container.id=host and evt.num<50
    container.name=host and not proc.name=work
    container.id!=host or evt.num=1
    container.type=host and evt.cpu=1`),
  ...filters(['small', 'both'], String.raw`
    evt.type=openat and evt.dir=<
    evt.type=openat and evt.dir=< and evt.failed=true
    evt.type=openat and (fd.name contains wf or fd.name contains passwd)
    (evt.type=open or evt.type=openat) and proc.name=work
    (evt.type=open)or(evt.type=openat)
    ( ( evt.type = close ) )
    evt.dir=> and not (evt.type=read or evt.type=write)
    not (evt.type=read or fd.type=file)
    not(evt.dir=<)
    not (not evt.dir=<)
    evt.num<100 and evt.num>10 and evt.cpu=0 and evt.dir=<
    evt.num<10 or evt.num=20 or evt.num=30 or evt.num=40 or evt.num=50
    (proc.name=work and fd.type=file) or (proc.name=init and evt.type=read)
    proc.name=work and fd.num exists and not fd.type=ipv4
    evt.is_io=true and evt.rawres>100 and fd.type=file
    fd.sport=9000 and evt.is_io_write=true and evt.dir=<
    evt.type=switch and evt.cpu=1
    evt.type=switch and evt.arg.next=0
    evt.type=clone and evt.rawres>0
    evt.type in (execve, clone, procexit) and proc.name=busybox
    evt.type=clock_nanosleep
    evt.type=unlink or evt.type=rename
    evt.type=set_robust_list and evt.dir=>
    evt.buffer contains a
    evt.buffer contains "\x00"
    evt.buffer startswith GET
    evt.buffer endswith "\x0a"
    evt.arg.data contains GET
    evt.rawarg.res>=4096
    proc.name=work	and	evt.dir=<
    proc.name="work" and evt.type='read'`),
]

/** Filters that sysdig 0.29 refuses. */
export const REFUSED: readonly string[] = String.raw`
  evt.num=1e1
  evt.num=3abc
  evt.num=
  evt.cpu=x
  evt.failed=yes
  evt.failed=True
  evt.failed contains true
  evt.num contains 1
  evt.num glob 1
  evt.num pmatch (1)
  evt.num in ()
  evt.num in (1,)
  evt.num in (1 2)
  evt.num in 1
  evt.num in (1
  evt.type=nosuch
  evt.type in (open, nosuch)
  evt.type contains nosuch
  evt.type=NA
  fd.ip=10.0.0
  fd.ip=10.0.0.0/8
  fd.ip contains 10.0.0.1
  fd.ip=::g
  fd.sip contains 10.0.0.1
  fd.sip startswith 10.0.0.1
  fd.net=10.0.0.1
  fd.net=10.0.0.0/33
  fd.snet=10.0.0.0/-1
  fd.port=nosuchport
  fd.port contains 80
  fd.sport glob 8
  evt.buffer icontains a
  evt.buffer glob a
  evt.buffer < a
  evt.typo=open
  evt.arg=3
  evt.arg.nosuch=3
  evt.rawarg=3
  evt.rawarg[0]=3
  evt.arg[x] exists
  evt.type.is=1
  evt.type.is.nosuch=1
  thread.cgroup exists
  proc.aname[x]=a
  evt.around[1]>1
  evt.around=1
  evt.abspath.zzz=1
  fd.name.x=1
  fd.name[0]=1
  evt.num[1]=1
  (evt.num=1
  evt.num=1)
  evt.num=1 evt.num=2
  evt.num
  AND
  evt.num=1 AND evt.num=1
  EVT.NUM=1
  evt.num=1 and
  and evt.num=1
  not
  fd.name contains "passwd
  fd.name contains "\xZZ"
  proc.apid[x]=1
  proc.apid.x=1
  proc.name ~ a
  proc.name like a
  evt.rawtime.s contains 3
  user.uid=root
  proc.pid=abc
  evt.latency=1ms
  evt.rawarg.fd=abc
  evt.rawarg.flags=O_RDONLY
`.split('\n').map(line => line.trim()).filter(line => line !== '')

/** Filters that it refuses too, and that mean something here: the newer grammar. */
export const NEWER: readonly string[] = [
  'evt.num==5', 'evt.num=0x5', 'evt.num=1 or evt.num=2 and evt.cpu=0', 'evt.failed=1', 'tolower(proc.name)=cat',
  'evt.type intersects (open)', 'fd.name regex /etc/.*', 'fd.name iglob *PASSWD',
  'evt.buffer bcontains 6c6c', 'fd.snet=2001:db8::/32', 'proc.name=val(proc.pname)',
]
