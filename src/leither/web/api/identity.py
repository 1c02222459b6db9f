"""Who somebody is: their keys, the devices that act for them, and what their index names."""

from typing import Annotated

from litestar import delete, get
from litestar.params import PathParameter

from leither.crypto import KeyId, id_text, key_id, parse_id
from leither.service import person_index
from leither.service.cutting import cut_everywhere, writers_of
from leither.service.holding import MimeiNotFound
from leither.web.api.context import Caller
from leither.web.api.parameters import CallerGiven
from leither.web.schema_identity import DeviceInfo, DeviceRevoked, IdentityInfo, ListedMimei


@get("/identity", operation_id="getIdentity", tags=["identity"])
async def get_identity(caller: CallerGiven) -> IdentityInfo:
    """Say who the caller is as a person, and what their index names, held here or not."""
    caller.principal.require_resident("seeing one's identity")

    def work() -> IdentityInfo:
        engines, user = caller.engines, caller.principal.user
        person = engines.persons.of_user(user)
        person_index.update_index(engines, user)
        return IdentityInfo(
            person=id_text(person.key.id),
            key=person.key.public.hex(),
            node=id_text(engines.identity.node.id),
            former=[id_text(key_id(one.key)) for one in person.former],
            index=id_text(person_index.index_id(person.key.public)),
            mimei=[
                ListedMimei(id_text(one.id), one.type, one.app, one.ext, one.mark, list(one.nodes), _held(caller, one))
                for one in person_index.listed(engines, user)
            ],
            passphrase=caller.context.users.keys.is_locked(user) if user is not None else None,
        )

    return await caller.run(work)


def _held(caller: Caller, one: person_index.Listed) -> bool:
    try:
        caller.catalog.readable(one.id, caller.principal)
    except MimeiNotFound:
        return False
    return True


@get("/devices", operation_id="listDevices", tags=["identity"])
async def list_devices(caller: CallerGiven) -> list[DeviceInfo]:
    """List the keys that write what the caller made, this node among them."""
    caller.principal.require_resident("listing devices")

    def work() -> list[DeviceInfo]:
        engines, user = caller.engines, caller.principal.user
        person_index.update_index(engines, user)
        names = {device.device: device.name for device in person_index.devices(engines, user)}
        seen = {writer.key: writer for writer in writers_of(engines, user)}
        here = engines.identity.node.public
        return [
            DeviceInfo(
                id=id_text(key_id(key)),
                name=names.get(key),
                here=key == here,
                mimei=seen[key].mimei if key in seen else 0,
                cut=seen[key].cut if key in seen else 0,
            )
            for key in sorted(names.keys() | seen.keys(), key=key_id)
        ]

    return await caller.run(work)


@delete("/devices/{device:str}", status_code=200, operation_id="revokeDevice", tags=["identity"])
async def revoke_device(
    caller: CallerGiven, device: Annotated[str, PathParameter(description="The id of its key.", max_length=200)]
) -> DeviceRevoked:
    """Let a device that was lost act no longer: it is cut off in all that the caller made and that is held here."""
    caller.principal.require_resident("revoking a device")

    def work() -> DeviceRevoked:
        engines, user, doomed = caller.engines, caller.principal.user, KeyId(parse_id(device))
        keys = [writer.key for writer in writers_of(engines, user) if key_id(writer.key) == doomed]
        cut = cut_everywhere(engines, user, doomed, by=caller.principal)
        person_index.note_revoked(engines, user, keys[0])
        return DeviceRevoked(id_text(doomed), cut)

    return await caller.run(work)


OPERATIONS = (get_identity, list_devices, revoke_device)
