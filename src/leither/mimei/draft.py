"""Draft: a state of a MiMei that is shared while it is worked on, and is no version yet."""

from typing import ClassVar

from leither.mimei.contents import Contents


class Draft(Contents, frozen=True, kw_only=True, tag="draft"):
    """`cur` as last shared. parents: of a signed one the versions it stands on; of a merge the tips that it joins.

    A writer's seq counts drafts and versions alike, so of two drafts of one writer the newer one includes the other.
    """

    KIND: ClassVar[str] = "draft"


Contents.KINDS[Draft.KIND] = Draft
