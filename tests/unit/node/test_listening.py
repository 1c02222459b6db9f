"""The sockets a node listens on."""

import socket
from pathlib import Path

import pytest

from leither.node.listening import HostNotHere, PortTaken, listen

FILE = Path("/somewhere/config.toml")


def opened(host: str, port: int) -> list[socket.socket]:
    return listen(host, port, setting="port", file=FILE)


def close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()


@pytest.mark.network
def test_any_free_port_is_found() -> None:
    sockets = opened("127.0.0.1", 0)
    assert {each.getsockname()[1] for each in sockets} == {sockets[0].getsockname()[1]}
    assert sockets[0].getsockname()[0] == "127.0.0.1"
    close(sockets)


@pytest.mark.network
def test_a_taken_port_names_the_setting_and_where_to_change_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            PortTaken, match=f"port {port} on 127.0.0.1 is taken.*set port in .*config.toml.*LEITHER_PORT"
        ):
            opened("127.0.0.1", port)


@pytest.mark.network
def test_both_addresses_of_localhost_are_held() -> None:
    try:
        probe = socket.socket(socket.AF_INET6)
        probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    port = probe.getsockname()[1]
    probe.listen()
    with pytest.raises(PortTaken, match="::1"):
        opened("127.0.0.1", port)
    probe.close()
    close(opened("127.0.0.1", port))


@pytest.mark.network
def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(HostNotHere, match="such as 127"):
        opened("192.0.2.1", 0)
