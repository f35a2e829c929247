"""Which addresses of a member are tried: its own, its public one, or one after the other."""

from __future__ import annotations

import itertools
import uuid
from unittest.mock import Mock

import pytest

from support.world import Trouble, World
from tealjet.bridge.call_errors import OfficialErrors
from tealjet.engine.calls import Calls
from tealjet.engine.contracts import Settings, Target
from tealjet.engine.link import Link, LinkOwner
from tealjet.engine.opening import Opener, OpenError
from tealjet.failover.model import LinkId, Reason
from tealjet.protocol.values import Address, EndpointQualifier, MemberInfo, MemberVersion

OWN, PUBLIC = "10.0.0.1", "198.51.100.1"


async def tried(public_addresses: bool | None, *, public: str | None = PUBLIC) -> list[str]:
    """Connect to a member that nobody can reach; return what was tried, in order."""
    world = World()
    world.routes = {(host, 5701): Trouble.FAILS for host in (OWN, PUBLIC, "192.0.2.7")}
    world.hosts["member.example"] = ["192.0.2.7"]
    runtime, owner = world.runtime(), Mock(spec=LinkOwner)
    settings = Settings(client_uuid=uuid.uuid4(), client_name="c", client_version="5.7.0")
    calls = Calls(runtime, settings, OfficialErrors(), dict)
    opener = Opener(runtime, settings, calls, owner)
    link = Link(
        id=LinkId(1),
        target=Target(name="blue", cluster_name="blue", addresses=(), public_addresses=public_addresses),
        settings=settings,
        runtime=runtime,
        calls=calls,
        owner=owner,
        next_correlation_id=itertools.count(1).__next__,
    )
    told = {} if public is None else {EndpointQualifier(type=1, identifier="public"): Address(host=public, port=5701)}
    member = MemberInfo(
        uuid=uuid.uuid4(),
        address=Address(host=OWN, port=5701),
        attributes={},
        lite_member=False,
        version=MemberVersion(5, 7, 0),
        address_map=told,
    )
    with pytest.raises(OpenError) as caught:
        await opener.connect_member(link, member)
    assert caught.value.reason is Reason.REFUSED
    return [part.split(":")[0] for part in caught.value.detail.split("; ")]


async def test_a_public_address_is_used_where_the_configuration_says_so() -> None:
    assert await tried(True) == [PUBLIC]


async def test_a_public_address_is_not_used_where_the_configuration_forbids_it() -> None:
    assert await tried(False) == [OWN]


async def test_a_public_address_comes_after_a_members_own_where_the_configuration_says_nothing() -> None:
    assert await tried(None) == [OWN, PUBLIC]


async def test_a_member_without_a_public_address_is_reached_at_its_own() -> None:
    assert await tried(True, public=None) == [OWN]


async def test_a_public_address_may_be_a_name() -> None:
    assert await tried(True, public="member.example") == ["192.0.2.7"]
