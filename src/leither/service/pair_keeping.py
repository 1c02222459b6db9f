"""Keeping MiMei for paired nodes: what they wish for is noted, brought, and told of."""

from contextlib import closing
from functools import partial

import msgspec

from leither import limits
from leither.codec.record import BadSignature
from leither.crypto import KeyId, MimeiId, peer_public_key
from leither.errors import LeitherError, LimitError
from leither.ports import Stream, Transaction
from leither.service.bringing import Bringing
from leither.service.demand_switch import begin_to_fill
from leither.service.kept import Kept as KeptSealed
from leither.service.kept import unwanted
from leither.service.pair_marks import mark_kept
from leither.service.pair_rows import (
    KeptRow,
    PairNotFound,
    PairRow,
    drop_kept,
    drop_pair_row,
    drop_told,
    kept_row,
    peer_of,
    put_kept,
    put_pair,
    read_kept,
    read_pair,
    read_pairs,
    read_told,
    used_bytes,
)
from leither.service.pair_talk import PairTalk, hear, pages, say
from leither.service.pair_wishing import Wishing
from leither.service.pulling import pull
from leither.service.sealed_taking import SealedTaking
from leither.service.sync_taking import Taking
from leither.wire.keep_messages import BadKeeping, Held, Kept, Message, Refused, Return, Wish, Wished
from leither.wire.sync_pull import PullTooLarge


class PairQuotaReached(LimitError):
    """What a paired node wants kept takes more than it was given."""

    code = "pair-quota-reached"

    def __init__(self, name: str, quota_bytes: int) -> None:
        self.name = name
        self.quota_bytes = quota_bytes
        super().__init__(
            f"{name} wants more kept here than the {quota_bytes:,} bytes that it was given; the rest isn't kept: give "
            "it more with `leither pair set --quota`, or let it choose"
        )


class Keeping:
    """The end of `/leither/keep/1` that keeps. Thread-safe; each method waits for what it does."""

    def __init__(self, talk: PairTalk, wishing: Wishing) -> None:
        self._talk = talk
        self._wishing = wishing

    def answer(self, stream: Stream) -> tuple[bytes, bool] | None:
        """Answer one stream; return the key of the node that spoke, and whether it wished for something."""
        node = peer_public_key(stream.peer)
        try:
            if node is None:
                raise PairNotFound(stream.peer)
            message = hear(stream)
            if isinstance(message, Return):
                self._return(node, message)
            else:
                self._talk.pair(node)
                if not isinstance(message, Wish):
                    self._wishing.take(stream, node, message)
                    return node, False
                self._note(node, self._wished(stream, message), message.device)
            for page in self._kept(node):
                say(stream, page)
        except LeitherError as error:
            if isinstance(error, BadKeeping | BadSignature):
                self._talk.network.blame(stream.peer, limits.KEEP_BAD_POINTS, error.code)
            say(stream, Refused(reason=error.code))
            return None
        return node, isinstance(message, Wish)

    def due(self, node: bytes) -> list[MimeiId]:
        """Return what a paired node wants kept, and is not here as it wants it."""
        with self._talk.engines.state.read() as view:
            return [mimei for mimei, row in read_kept(view, node) if row.mark != row.wished or row.reason]

    def bring(self, node: bytes, mimei: MimeiId) -> KeptRow | None:
        """Bring a MiMei that a paired node wants kept; return how it stands now, None if it isn't wanted any more."""
        with self._talk.engines.state.read() as view:
            row, wanted = read_pair(view, node), kept_row(view, node, mimei)
        if row is None or wanted is None:
            return None
        try:
            self._bring(node, row, mimei, wanted)
            reason = ""
        except LeitherError as error:
            reason = error.code
        mark, size_bytes = self._here(node, mimei)
        now_ms = self._talk.engines.clock.now_ms()

        def note(transaction: Transaction) -> KeptRow | None:
            known = kept_row(transaction, node, mimei)
            if known is None:
                return None
            at_ms = known.at_ms if reason else now_ms
            changed = msgspec.structs.replace(known, reason=reason[:64], mark=mark, size_bytes=size_bytes, at_ms=at_ms)
            put_kept(transaction, node, mimei, changed)
            return changed

        return self._talk.engines.state.write(note)

    def _here(self, node: bytes, mimei: MimeiId) -> tuple[bytes, int]:
        """Return the mark of what is here of what is kept for a paired node, and its size; an empty one for nothing."""
        with self._talk.engines.state.read() as view:
            wanted = kept_row(view, node, mimei)
            author = wanted.author if wanted is not None else b""
            return mark_kept(self._talk.engines, view, mimei, author) or (b"", 0)

    def refresh(self) -> list[bytes]:
        """Take note of what came or went otherwise of what is kept; return the keys of the nodes to be told of it.

        Cost: a look at each MiMei that is kept for somebody.
        """
        engines, now_ms = self._talk.engines, self._talk.engines.clock.now_ms()
        with engines.state.read() as view:
            fresh = [
                (node, mimei, here)
                for node, _ in read_pairs(view)
                for mimei, kept in read_kept(view, node)
                if (here := mark_kept(engines, view, mimei, kept.author) or (b"", 0))[0] != kept.mark
            ]

        def change(transaction: Transaction) -> None:
            for node, mimei, (mark, size_bytes) in fresh:
                kept = kept_row(transaction, node, mimei)
                if kept is not None:
                    changed = msgspec.structs.replace(kept, mark=mark, size_bytes=size_bytes, at_ms=now_ms)
                    put_kept(transaction, node, mimei, changed)

        if fresh:
            engines.state.write(change)
        return list(dict.fromkeys(node for node, _, _ in fresh))

    def _bring(self, node: bytes, row: PairRow, mimei: MimeiId, wanted: KeptRow) -> None:
        engines = self._talk.engines
        quota = row.quota if row.quota is not None else limits.PAIR_QUOTA_BYTES
        with engines.state.read() as view:
            room_bytes = quota - used_bytes(view, row.person) + wanted.size_bytes
        if room_bytes <= 0:
            raise PairQuotaReached(row.name, quota)
        peer, hello = self._talk.reach(node), self._talk.hello()
        keyless = wanted.sealed and row.person != engines.identity.person.public
        taker: Bringing
        if keyless:
            taker = SealedTaking(
                engines,
                mimei,
                author=KeyId(wanted.author) if wanted.author else None,
                wanted=partial(_note_author, node),
                hello=hello,
                bytes_max=room_bytes,
            )
        else:
            begin_to_fill(engines, mimei)
            taker = Taking(engines, mimei, hello=hello, bytes_max=room_bytes)
        with closing(taker):
            try:
                pull(self._talk.network, peer, taker)
            except PullTooLarge:
                raise PairQuotaReached(row.name, quota) from None

    def report(self, node: bytes) -> None:
        """Tell a paired node how what this one keeps for it stands. Raises: as `wish`."""
        with closing(self._talk.open(node)) as stream:
            for page in self._kept(node):
                say(stream, page)
            stream.close_write()

    def _wished(self, stream: Stream, page: Message) -> list[Wished]:
        found: list[Wished] = []
        while True:
            if not isinstance(page, Wish):
                raise BadKeeping("another message between two pages")
            found += page.mimei
            if len(found) > limits.KEPT_MAX:
                raise BadKeeping(f"more than {limits.KEPT_MAX:,} MiMei are wished for")
            if not page.more:
                return found
            page = hear(stream)

    def _note(self, node: bytes, wished: list[Wished], device: bytes) -> None:
        """Take note of all that a paired node wants kept; what it wants no more is let go of."""
        person, now_ms = self._talk.proved(node, device).by, self._talk.engines.clock.now_ms()

        def change(transaction: Transaction) -> None:
            row = read_pair(transaction, node)
            if row is None:
                raise PairNotFound(peer_of(node))
            put_pair(transaction, node, msgspec.structs.replace(row, person=person, device=device, met_ms=now_ms))
            wanted = {MimeiId(one.mimei): one for one in wished}
            for mimei, kept in list(read_kept(transaction, node)):
                if mimei not in wanted:
                    _let_go(transaction, node, mimei)
                    continue
                one = wanted.pop(mimei)
                if (kept.wished, kept.sealed) != (one.mark, one.sealed):
                    put_kept(
                        transaction, node, mimei, msgspec.structs.replace(kept, wished=one.mark, sealed=one.sealed)
                    )
            for mimei, one in wanted.items():
                put_kept(transaction, node, mimei, KeptRow(one.mark, one.sealed))

        self._talk.engines.state.write(change)

    def _kept(self, node: bytes) -> list[Kept]:
        """Return pages of what this node keeps for a paired one."""
        with self._talk.engines.state.read() as view:
            row = read_pair(view, node)
            held = [
                Held(mimei, kept.mark or None, kept.at_ms, kept.size_bytes, kept.reason, kept.sealed)
                for mimei, kept in read_kept(view, node)
            ]
        quota = row.quota if row is not None and row.quota is not None else limits.PAIR_QUOTA_BYTES
        device = self._talk.device()
        return [Kept(device=device, mimei=page, more=more, whole=True, quota=quota) for page, more in pages(held)]

    def _return(self, node: bytes, message: Return) -> None:
        """Go on with a person's new node as with those they had. Raises: PairNotFound: if they had none."""
        device, now_ms = self._talk.proved(node, message.device), self._talk.engines.clock.now_ms()

        def change(transaction: Transaction) -> None:
            theirs = {key: row for key, row in read_pairs(transaction) if row.person == device.by and key != node}
            known = read_pair(transaction, node)
            if not theirs and known is None:
                raise PairNotFound(peer_of(node))
            if known is None:
                last = max(theirs.values(), key=lambda row: row.met_ms)
                put_pair(
                    transaction,
                    node,
                    PairRow(last.name, device.by, message.device, (), now_ms, quota=last.quota, met_ms=now_ms),
                )
            for key in theirs:
                for mimei, kept in list(read_kept(transaction, key)):
                    if kept_row(transaction, node, mimei) is None:
                        put_kept(transaction, node, mimei, kept)

        self._talk.engines.state.write(change)


def unpair(transaction: Transaction, node: bytes) -> None:
    """Forget a paired node, and what was kept sealed for it alone."""
    for mimei, _ in list(read_kept(transaction, node)):
        _let_go(transaction, node, mimei)
    for mimei, _ in list(read_told(transaction, node)):
        drop_told(transaction, node, mimei)
    drop_pair_row(transaction, node)


def _let_go(transaction: Transaction, node: bytes, mimei: MimeiId) -> None:
    """Keep a MiMei no more for a paired node; what is sealed goes, unless somebody else wants it."""
    kept = kept_row(transaction, node, mimei)
    drop_kept(transaction, node, mimei)
    if kept is not None and kept.author:
        unwanted(transaction, KeyId(kept.author), mimei)


def _note_author(node: bytes, transaction: Transaction, kept: KeptSealed) -> None:
    """Note whose it is what is kept sealed for a paired node. Raises: PairNotFound: it isn't wanted any more."""
    row = kept_row(transaction, node, kept.id)
    if row is None:
        raise PairNotFound(peer_of(node))
    put_kept(transaction, node, kept.id, msgspec.structs.replace(row, author=kept.author))
