"""Signing in and out, as the audit has it: with the token or session itself, in the same change."""

from leither.people import Front
from leither.people.audit import Kind
from leither.ports import Transaction
from leither.service.engines import Engines
from leither.service.token_rows import TokenRow


def note_token(
    engines: Engines, transaction: Transaction, kind: Kind, key: bytes, row: TokenRow, front: Front = Front.API
) -> None:
    """Write into the audit that a token or session, which stands under `key`, was made or ended."""
    principal = row.principal.through(row.asking(key, front))
    basis = f"scope {row.scope}" if not row.keys else "visit"
    engines.audit.add(transaction, principal, kind, principal.user, mimei=row.only, basis=basis)
