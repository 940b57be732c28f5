"""Known bytes through each call that moves them.

    traffic.py server|client tcp|udp ADDRESS PORT [early] [exit]

Client and server send each other messages, each by another call, and print what they have sent and received, as the calls themselves returned it. Both
print "pid N" and wait for SIGUSR1, with `early` connected already: of a socket that is neither bound nor connected
nobody can find out whether it is one of TCP. With `exit` the process ends with its socket open.
"""
import ctypes
import json
import os
import signal
import socket
import sys

ROUNDS = 20
SENDS = [('send', 1000), ('sendto', 1211), ('sendmsg', 313), ('write', 57)]
RECEIVES = ['read', 'recvmsg', 'recv', 'recvfrom']
PR_SET_NAME = 15

role, proto, address, port, *options = sys.argv[1:]
port = int(port)
moved = {'in': 0, 'out': 0}


def transmit(s, call, size):
    data = bytes(size)
    if call == 'send':
        sent = s.send(data)
    elif call == 'sendto':
        sent = s.sendto(data, s.getpeername())
    elif call == 'sendmsg':
        sent = s.sendmsg([data[:10], data[10:]])
    else:
        sent = os.write(s.fileno(), data)
    assert sent == size
    moved['out'] += sent


def receive(s, call, size):
    got = 0
    while got < size:
        if call == 'recv':
            count = len(s.recv(size - got))
        elif call == 'recvfrom':
            count = len(s.recvfrom(size - got)[0])
        elif call == 'recvmsg':
            count = len(s.recvmsg(size - got)[0])
        else:
            count = len(os.read(s.fileno(), size - got))
        assert count > 0
        got += count
    moved['in'] += got


def talk(s, first):
    for i in range(ROUNDS):
        for j, (call, size) in enumerate(SENDS):
            reply = RECEIVES[(i + j) % len(RECEIVES)]
            if first:
                transmit(s, call, size)
                receive(s, reply, size + 1)
            else:
                receive(s, reply, size)
                transmit(s, call, size + 1)


ctypes.CDLL(None).prctl(PR_SET_NAME, b'traffic', 0, 0, 0)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])


def ready():
    print('pid', os.getpid(), flush=True)
    signal.sigwait([signal.SIGUSR1])


def made():
    return socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_STREAM if proto == 'tcp' else socket.SOCK_DGRAM)


early = 'early' in options
if role == 'server':
    s = made()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    if proto == 'tcp':
        s.listen()
        if not early:
            ready()
        s, _ = s.accept()
        if early:
            ready()
    else:
        ready()
        hello, client = s.recvfrom(100)
        moved['in'] += len(hello)
        s.connect(client)
    talk(s, False)
else:
    if not early:
        ready()
    s = made()
    s.connect((address, port))
    if early:
        ready()
    if proto == 'udp':
        moved['out'] += s.send(b'hello')
    talk(s, True)
print(json.dumps({**moved, 'local': s.getsockname()[:2], 'remote': s.getpeername()[:2]}), flush=True)
if 'exit' in options:
    os._exit(0)
s.close()
