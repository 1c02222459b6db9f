"""A line between hosts that is long and loses some of what it carries, as `tc netem` makes one where the kernel has it.

    python far_line.py DELAY_S LOSS NAME=ADDRESS ...

It gives each network namespace NAME an interface of that name and address; what is sent into it comes out where it
should after DELAY_S, unless it is among the share LOSS that is lost. It says `ready`, and when its standard input ends,
how many packets it has carried and lost.
"""

import fcntl
import heapq
import json
import os
import random
import selectors
import struct
import subprocess
import sys
import time

SEED = 2
_NAME_DEVICE, _WITHOUT_PREFIX, _OF_IP = 0x400454CA, 0x1000, 0x0001
"""Source: linux/if_tun.h, TUNSETIFF, IFF_NO_PI, IFF_TUN."""
_PACKET_BYTES_MAX = 2048


def ends(name: str, address: str) -> int:
    """Give a namespace its end of the line; return a descriptor of the other end."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _NAME_DEVICE, struct.pack("16sH22x", name.encode(), _OF_IP | _WITHOUT_PREFIX))
    for command in (
        f"ip link set dev {name} netns {name}",
        f"ip -n {name} address add {address}/24 dev {name}",
        f"ip -n {name} link set {name} up",
    ):
        subprocess.run(command.split(), check=True)
    return device


def carry(delay_s: float, loss: float, devices: dict[bytes, int]) -> tuple[int, int]:
    """Carry packets between addresses until standard input ends; return how many were carried, and how many lost."""
    chance = random.Random(SEED)
    carried = lost = 0
    waiting: list[tuple[float, int, int, bytes]] = []
    with selectors.DefaultSelector() as selector:
        for each in (sys.stdin.fileno(), *devices.values()):
            selector.register(each, selectors.EVENT_READ)
        while True:
            pause_s = max(waiting[0][0] - time.monotonic(), 0) if waiting else None
            for key, _ in selector.select(pause_s):
                if key.fd == sys.stdin.fileno():
                    return carried, lost
                packet = os.read(key.fd, _PACKET_BYTES_MAX)
                target = devices.get(packet[16:20])
                if packet[0] >> 4 != 4 or target is None:
                    continue  # no IPv4, or for nobody here
                if chance.random() < loss:
                    lost += 1
                    continue
                carried += 1
                heapq.heappush(waiting, (time.monotonic() + delay_s, carried, target, packet))
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, target, packet = heapq.heappop(waiting)
                os.write(target, packet)


def main(delay_s: str, loss: str, *hosts: str) -> None:
    """Run the line."""
    named = dict(each.split("=") for each in hosts)
    devices = {bytes(map(int, address.split("."))): ends(name, address) for name, address in named.items()}
    print("ready", flush=True)
    carried, lost = carry(float(delay_s), float(loss), devices)
    print(json.dumps({"carried": carried, "lost": lost}))


if __name__ == "__main__":
    main(*sys.argv[1:])
