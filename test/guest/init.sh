#!/bin/busybox sh
# The guest's first and only shell: loads the module, runs each scenario of /scenarios ("FILE SECONDS") and hands /out over
# as a tar file on the disk. Its lines that begin with "guest:" are read by machine.ts.
export PATH=/bin HOME=/tmp TZ=UTC
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t tmpfs -o size=75% tmpfs /out
ifconfig lo 127.0.0.1 up

uptime() { cut -d' ' -f1 /proc/uptime; }
say() { echo "guest: $(uptime) $*"; }
# A scenario may have unloaded it.
load() { grep -q '^scap ' /proc/modules || insmod /scap.ko; }

load || { say "the module does not load"; dmesg | tail -20; poweroff -f; }
say "up with $(uname -r) and $(ls -d /dev/scap* | wc -l) rings"
cd /sysring
while read -r file seconds; do
	load
	started=$(uptime)
	say "$file"
	case $file in
	*.mjs) set -- node ;;
	*) set -- sh ;;
	esac
	timeout -s KILL "$seconds" "$@" "test/guest/scenarios/$file" </dev/null >"/out/$file.log" 2>&1
	echo "$? $started $(uptime)" >"/out/$file.status"
	# Whatever it left behind must not disturb the next. From process 1, -1 means all others.
	kill -9 -1 2>/dev/null
	wait
	rm -rf /tmp/*
	say "$file: $(cat "/out/$file.status")"
done </scenarios
tar c -C /out . | dd of=/dev/nvme0n1 bs=1M 2>/dev/null
sync
say done
poweroff -f
