"""Each table of the state engine has a byte of its own."""

from leither.service import sealed_table, tables


def test_no_two_tables_share_a_byte() -> None:
    bytes_of = {name: value for name, value in vars(tables).items() if name.isupper() and isinstance(value, bytes)}
    bytes_of["SEALED"] = sealed_table.SEALED
    assert all(len(byte) == 1 for byte in bytes_of.values())
    assert len(set(bytes_of.values())) == len(bytes_of), bytes_of
