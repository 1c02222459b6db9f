"""One node of the network without the rest, driven by lines of JSON on its standard input.

`["connect", address]`, `["keep", address]`, `["open", peer]`, through which it says hello, `["peers"]` and
`["addresses"]`.
"""

import json
import sys

from leither.codec.multiaddr import Multiaddr
from leither.crypto import parse_peer_id
from leither.crypto.host_key import HostKey
from leither.errors import LeitherError
from leither.net.network import Libp2pNetwork
from leither.net.node import Setup
from leither.node.machine import this_machine
from leither.ports import Known, Reach, Stream
from leither.runtime import SystemClock, SystemRandom

HELLO = "/test/hello/1"


def hello(stream: Stream) -> None:
    stream.write_message(b"hello " + (stream.read_message() or b""))


def answer(network: Libp2pNetwork, command: str, *arguments: str) -> object:
    match command, arguments:
        case "connect", (address,):
            return network.connect(address)
        case "keep", (address,):
            peer = Multiaddr.parse(address).peer
            assert peer is not None
            network.keep(Known(peer, (address,)))
            return peer
        case "open", (peer,):
            stream = network.open(parse_peer_id(peer), [HELLO])
            stream.write_message(b"there")
            return (stream.read_message() or b"").decode()
        case "peers", ():
            return {peer.id: "relayed" if peer.relayed else "direct" for peer in network.peers() if peer.agent}
        case "addresses", ():
            return network.addresses()
    raise AssertionError(command)


def main() -> None:
    random = SystemRandom()
    listen = Multiaddr.parse("/ip4/0.0.0.0/tcp/4801")
    key = HostKey(random.token(32))
    setup = Setup(key, Reach(sys.argv[1]), (listen,), random.token, SystemClock(), machine=this_machine().addresses)
    network = Libp2pNetwork(setup)
    network.serve(HELLO, hello)
    print(json.dumps(network.peer_id), flush=True)
    for line in sys.stdin:
        try:
            found = answer(network, *json.loads(line))
        except LeitherError as error:
            found = {"error": error.code, "message": str(error)}
        print(json.dumps(found), flush=True)
    network.close()


if __name__ == "__main__":
    main()
