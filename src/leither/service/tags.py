"""Tags: what people say of a MiMei in `dimension:value` pairs, signed; and finding MiMei by them."""

from collections.abc import Sequence

from leither import limits
from leither.crypto import ID_BYTES, KeyId, MimeiId, id_text, key_id
from leither.errors import Conflict, LimitError
from leither.mimei.entry import TAG_TYPE, decode_record_value, encode_record_value, tag_key
from leither.mimei.tag import Tag, check_tag
from leither.ports import View, prefix_end
from leither.service import tables
from leither.service.cur import Cur, Edit
from leither.service.editing import edit
from leither.service.engines import Engines


class TooManyTags(LimitError):
    """A MiMei carries as many tags as it can."""

    code = "too-many-tags"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(f"{self.id} carries {limits.TAGS_MAX:,} tags, the limit; remove some first")


class NotTagged(Conflict):
    """The MiMei does not carry the tag."""

    code = "not-tagged"

    def __init__(self, mimei: MimeiId, tag: str) -> None:
        self.id = id_text(mimei)
        self.tag = tag
        super().__init__(f"{self.id} does not carry {tag!r} from this person, so nothing was changed")


def add(engines: Engines, mimei: MimeiId, dimension: str, value: str, *, user: KeyId | None = None) -> Tag:
    """Tag a MiMei as `user`, or the owner. One who has done so before is answered with that tag.

    Raises: NotATag, TooManyTags.
    """
    check_tag(dimension, value)
    person = engines.persons.of_user(user).key
    key = tag_key(dimension, value, person.id)
    fresh = Tag(mimei=mimei, dimension=dimension, value=value, at=engines.clock.now_ms(), by=person.public).signed(
        person
    )

    def change(editing: Edit) -> Tag:
        held = editing.get(key)
        if held is not None and (standing := Tag.decode(decode_record_value(held))).mimei == mimei:
            return standing
        if len(of(editing)) >= limits.TAGS_MAX:
            raise TooManyTags(mimei)
        editing.put(key, encode_record_value(fresh.encode()))
        return fresh

    return edit(engines, mimei, change)


def remove(engines: Engines, mimei: MimeiId, dimension: str, value: str, *, user: KeyId | None = None) -> None:
    """Take this person's tag back. Raises: NotATag, NotTagged."""
    check_tag(dimension, value)
    key = tag_key(dimension, value, engines.persons.of_user(user).key.id)

    def change(editing: Edit) -> None:
        if not editing.delete(key):
            raise NotTagged(mimei, f"{dimension}:{value}")

    edit(engines, mimei, change)


def of(cur: Cur) -> list[Tag]:
    """Return the tags that were said of this MiMei, whose signatures hold. Raises: BadSignature, NotARecord.

    A fork holds its parent's as well; they say nothing of the fork.
    """
    end = prefix_end(TAG_TYPE)
    assert end is not None
    found = (Tag.decode(decode_record_value(value)).check() for _, value in cur.scan(TAG_TYPE, end))
    return [tag for tag in found if tag.mimei == cur.mimei.id]


def tagger(tag: Tag) -> str:
    """Return the id of who tagged."""
    return id_text(key_id(tag.by))


def find(view: View, tags: Sequence[tuple[str, str]]) -> set[MimeiId]:
    """Return the MiMei whose `cur` carries every one of `tags`. Cost: the MiMei that carry each."""
    found: set[MimeiId] | None = None
    for dimension, value in tags:
        prefix = tables.tag(dimension, value)
        carriers = {
            MimeiId(key[len(prefix) : len(prefix) + ID_BYTES]) for key, _ in view.scan(prefix, prefix_end(prefix))
        }
        found = carriers if found is None else found & carriers
    return found or set()
