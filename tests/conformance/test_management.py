"""Who may connect, who is connected, and what state a cluster is in: the messages of an operator."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.conformance import Subject
from support.raw_member import (
    CHANGE_CLUSTER_STATE,
    GET_TIMED_MEMBER_STATE,
    ClosedError,
    Identity,
    RawMember,
    RefusedError,
    signed_in,
)
from tealjet.protocol import table
from tealjet.protocol.values import ClientFilterEntry, ClientFilterKind, ClientFilterMode, ClusterState

TITLE = "Management"

Tells = Callable[..., None]

ALLOW, DENY, LIFT = ClientFilterMode.ALLOW, ClientFilterMode.DENY, ClientFilterMode.DISABLED
ADDRESS, NAME, LABEL = ClientFilterKind.IP_ADDRESS, ClientFilterKind.INSTANCE_NAME, ClientFilterKind.LABEL


class Operator:
    """Sets client filters at the first member of "pair", as a client that no filter applies to."""

    def __init__(self, subject: Subject) -> None:
        self.cluster_name = subject.pair.name
        self.address, self.other_address = subject.pair.addresses

    def identity(self, **values: Any) -> Identity:
        return Identity(cluster_name=self.cluster_name, **values)

    def filter(self, mode: ClientFilterMode, *entries: tuple[ClientFilterKind, str], etag: str | None = None) -> None:
        with signed_in(self.address, self.identity(client_type="MCJVM")) as member:
            member.ask(
                table.APPLY_MC_CONFIG,
                mode=mode,
                etag=uuid.uuid4().hex if etag is None else etag,
                entries=[ClientFilterEntry(kind=kind, value=value) for kind, value in entries],
            )

    def status(self, *, address: str | None = None, **values: Any) -> int:
        """Sign in and return the status."""
        with RawMember(address or self.address) as member:
            return member.sign_in(self.identity(**values)).status

    def connected(self, **values: Any) -> contextlib.AbstractContextManager[RawMember]:
        return signed_in(self.address, self.identity(**values))


@pytest.fixture
def operator(subject: Subject) -> Iterator[Operator]:
    operator = Operator(subject)
    yield operator
    operator.filter(LIFT)


# -------------------------------------------------------------------------------------------------- client filters


def test_a_denied_client_is_cut_off_at_once_and_refused(operator: Operator, tells: Tells) -> None:
    with operator.connected(client_name="denied") as denied:
        operator.filter(DENY, (NAME, "denied"))
        denied.wait_for_close()
    tells("closed", f"status {operator.status(client_name='denied')}")


def test_the_refusal_of_a_denied_client_tells_little(operator: Operator, tells: Tells) -> None:
    operator.filter(DENY, (NAME, "denied"))
    with RawMember(operator.address) as member:
        answer = member.sign_in(operator.identity(client_name="denied"))
    tells(
        f"cluster id {answer.cluster_id is not None}, member id {answer.member_uuid is not None}, "
        f"address {answer.address}, partitions {answer.partition_count}, version {answer.server_version!r}, "
        f"{len(answer.members)} members"
    )


def test_clients_that_match_nothing_stay(operator: Operator, tells: Tells) -> None:
    with operator.connected(client_name="somebody") as somebody:
        operator.filter(DENY, (NAME, "denied"))
        somebody.ask(table.PING)
    tells(f"status {operator.status(client_name='somebody')}")


def test_lifting_lets_everybody_in_again(operator: Operator, tells: Tells) -> None:
    operator.filter(DENY, (NAME, "denied"))
    denied = operator.status(client_name="denied")
    operator.filter(LIFT)
    tells(f"status {denied}, then {operator.status(client_name='denied')}")


def test_an_allow_list_cuts_off_everybody_else(operator: Operator, tells: Tells) -> None:
    with operator.connected(client_name="welcome") as welcome, operator.connected(client_name="other") as other:
        operator.filter(ALLOW, (NAME, "welcome"))
        other.wait_for_close()
        welcome.ask(table.PING)
    tells(*(f"{name}: status {operator.status(client_name=name)}" for name in ("welcome", "other")))


def test_an_empty_list(operator: Operator, tells: Tells) -> None:
    operator.filter(DENY)
    denied_nobody = operator.status()
    operator.filter(ALLOW)
    tells(f"deny: status {denied_nobody}, allow: status {operator.status()}")


def test_a_star_stands_for_anything(operator: Operator, tells: Tells) -> None:
    told = []
    for pattern in ("den*", "*ied", "d*d", "*", "dee*"):
        operator.filter(DENY, (NAME, pattern))
        told.append(f"{pattern}: status {operator.status(client_name='denied')}")
    tells(*told)


def test_labels_and_addresses_count_too(operator: Operator, tells: Tells) -> None:
    operator.filter(DENY, (LABEL, "batch*"))
    labels = [operator.status(labels=labels) for labels in (("batch-1", "eu"), ("web",), ())]
    addresses = []
    for pattern in ("127.0.0.1", "127.0.0.*", "127.0.0.1-9", "127.0.0.2-9", "10.*.*.*"):
        operator.filter(DENY, (ADDRESS, pattern))
        addresses.append(f"{pattern}: status {operator.status()}")
    tells(f"labels: statuses {labels}", *addresses)


def test_one_of_several_entries_is_enough(operator: Operator, tells: Tells) -> None:
    operator.filter(DENY, (NAME, "denied"), (LABEL, "batch"))
    asked: list[dict[str, Any]] = [{"client_name": "denied"}, {"labels": ("batch",)}, {"client_name": "other"}]
    tells([operator.status(**values) for values in asked])


def test_the_same_etag_again_changes_nothing(operator: Operator, tells: Tells) -> None:
    operator.filter(DENY, (NAME, "denied"), etag="one")
    operator.filter(LIFT, etag="one")
    kept = operator.status(client_name="denied")
    operator.filter(LIFT, etag="two")
    tells(f"status {kept}, with a new one {operator.status(client_name='denied')}")


def test_a_filter_is_a_members_own(operator: Operator, tells: Tells) -> None:
    with signed_in(operator.other_address, operator.identity(client_name="denied")) as at_the_other:
        operator.filter(DENY, (NAME, "denied"))
        there = operator.status(client_name="denied", address=operator.other_address)
        at_the_other.ask(table.PING)
    tells(f"here: status {operator.status(client_name='denied')}, at the other member: status {there}")


def test_management_center_is_never_denied(operator: Operator, tells: Tells) -> None:
    operator.filter(DENY, (NAME, "*"))
    tells(*(f"{kind}: status {operator.status(client_type=kind)}" for kind in ("MCJVM", "PYH", "JVM")))


def test_another_cluster_name_is_refused_before_the_filter(operator: Operator, tells: Tells) -> None:
    operator.filter(DENY, (NAME, "denied"))
    with RawMember(operator.address) as member:
        tells(f"status {member.sign_in(Identity(cluster_name='another', client_name='denied')).status}")


def test_who_denies_itself_is_cut_off_too(operator: Operator, tells: Tells) -> None:
    with operator.connected(client_name="denied") as own:
        with contextlib.suppress(ClosedError):
            own.ask(
                table.APPLY_MC_CONFIG,
                mode=DENY,
                etag=uuid.uuid4().hex,
                entries=[ClientFilterEntry(kind=NAME, value="denied")],
            )
        own.wait_for_close()
    tells(f"status {operator.status(client_name='denied')}")


# ------------------------------------------------------------------------------------------------ who is connected


def state_of(member: RawMember) -> dict[str, Any]:
    told = None
    while told is None:  # a member that has just started has nothing to tell yet
        told = member.ask(GET_TIMED_MEMBER_STATE)
    state: dict[str, Any] = json.loads(told)["timedMemberState"]
    return state


def clients_of(member: RawMember, name: str) -> list[dict[str, Any]]:
    return [client for client in state_of(member)["memberState"]["clients"] if client["name"] == name]


def test_a_member_lists_its_clients(subject: Subject, operator: Operator, unique: str, tells: Tells) -> None:
    listed = operator.identity(client_name=unique, labels=("batch", "eu"))
    with signed_in(operator.address, listed) as member, signed_in(operator.other_address, operator.identity()) as at:
        (client,) = clients_of(member, unique)
        elsewhere = clients_of(at, unique)
    own = client.pop("uuid") == str(listed.uuid)
    host, labels = client.pop("address").split(":")[0], sorted(client.pop("labels"))
    tells(
        f"its own id: {own}, host {host}, labels {labels}",
        {name: client[name] for name in ("clientType", "name", "ipAddress")},
        f"with {sorted(client)}",
        f"at the other member: {elsewhere}",
    )


def test_a_member_tells_what_cluster_it_belongs_to(operator: Operator, tells: Tells) -> None:
    with operator.connected() as member:
        state = state_of(member)
    tells(f"master: {state['master']}, cluster {state['clusterName']}, {len(state['memberList'])} members")


# --------------------------------------------------------------------------------------------------- cluster state


def test_a_cluster_tells_its_state_and_versions(subject: Subject, identity: Identity, tells: Tells) -> None:
    with RawMember(subject.one.addresses[0]) as member:
        cluster_id = member.sign_in(identity).cluster_id
        found = member.ask(table.GET_CLUSTER_METADATA)
    tells(
        f"{found.state.name}, version {found.member_version}, Jet {found.jet_version}",
        f"has a time: {found.cluster_time > 1_600_000_000_000}",
        "no cluster id" if found.cluster_id is None else f"its cluster id: {found.cluster_id == cluster_id}",
    )


def test_the_state_of_a_cluster_can_be_changed(operator: Operator, tells: Tells) -> None:
    told = []
    with operator.connected() as member:
        for state in (ClusterState.NO_MIGRATION, ClusterState.FROZEN, ClusterState.PASSIVE, ClusterState.ACTIVE):
            member.ask(CHANGE_CLUSTER_STATE, new_state=state)
            told.append(member.ask(table.GET_CLUSTER_METADATA).state.name)
    tells(*told)


def test_all_members_have_the_state_of_the_cluster(operator: Operator, tells: Tells) -> None:
    with (
        operator.connected() as member,
        signed_in(operator.other_address, operator.identity()) as other,
    ):
        member.ask(CHANGE_CLUSTER_STATE, new_state=ClusterState.FROZEN)
        told = other.ask(table.GET_CLUSTER_METADATA).state.name
        member.ask(CHANGE_CLUSTER_STATE, new_state=ClusterState.ACTIVE)
    tells(told)


def test_a_state_that_does_not_exist_is_refused(operator: Operator, tells: Tells) -> None:
    with operator.connected() as member, pytest.raises(RefusedError) as caught:
        member.ask(CHANGE_CLUSTER_STATE, new_state=9)
    tells(str(caught.value))


def test_a_passive_cluster_creates_nothing(operator: Operator, unique: str, tells: Tells) -> None:
    with operator.connected() as member:
        member.ask(CHANGE_CLUSTER_STATE, new_state=ClusterState.PASSIVE)
        try:
            with pytest.raises(RefusedError) as caught:
                member.ask(table.CREATE_PROXY, name=unique, service_name="hz:impl:mapService")
        finally:
            member.ask(CHANGE_CLUSTER_STATE, new_state=ClusterState.ACTIVE)
    tells(str(caught.value))
