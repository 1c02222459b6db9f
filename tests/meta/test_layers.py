"""The import contracts name real layers, and generated files are what they are made from."""

from __future__ import annotations

import configparser
import re

from tests.meta.tree import ROOT

CONTRACTS = configparser.ConfigParser()
CONTRACTS.read(ROOT / ".importlinter", "utf-8")
LAYERS = set(re.findall(r"\w+", CONTRACTS["importlinter:contract:layers"]["layers"]))


def own_names(contract: str, field: str) -> set[str]:
    """The project's own modules in a contract's list, without the package's name."""
    names = CONTRACTS[f"importlinter:contract:{contract}"][field].split()
    return {name.removeprefix("leither.") for name in names if name.startswith("leither.")}


def test_contracts_name_only_layers() -> None:
    named = own_names("sans-io", "source_modules") | own_names("doors", "source_modules")
    assert named | own_names("doors", "forbidden_modules") <= LAYERS


def test_every_layer_below_the_ports_is_held_to_doing_no_io() -> None:
    below = CONTRACTS["importlinter:contract:layers"]["layers"].partition("(ports)")[2]
    # `crypto` draws key seeds and nonces; `limits` and `errors` import nothing at all.
    assert own_names("sans-io", "source_modules") == set(re.findall(r"\w+", below)) - {"crypto", "limits", "errors"}
