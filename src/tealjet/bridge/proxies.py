"""The threaded family's proxies that keep something of a cluster or send several messages for one call.

They are thin subclasses of the official ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from hazelcast.cp import COUNT_DOWN_LATCH_SERVICE, LOCK_SERVICE, SEMAPHORE_SERVICE, CPProxyManager
from hazelcast.errors import OperationTimeoutError
from hazelcast.future import Future, ImmediateFuture
from hazelcast.invocation import Invocation
from hazelcast.protocol.codec import client_create_proxy_codec
from hazelcast.proxy import (
    EXECUTOR_SERVICE,
    FLAKE_ID_GENERATOR_SERVICE,
    MAP_SERVICE,
    MULTI_MAP_SERVICE,
    PN_COUNTER_SERVICE,
    RELIABLE_TOPIC_SERVICE,
    RINGBUFFER_SERVICE,
    VECTOR_SERVICE,
    ProxyManager,
)
from hazelcast.proxy.cp.count_down_latch import CountDownLatch
from hazelcast.proxy.cp.fenced_lock import FencedLock
from hazelcast.proxy.cp.semaphore import SessionAwareSemaphore
from hazelcast.proxy.executor import Executor
from hazelcast.proxy.flake_id_generator import FlakeIdGenerator
from hazelcast.proxy.map import Map, MapFeatNearCache
from hazelcast.proxy.multi_map import MultiMap
from hazelcast.proxy.pn_counter import PNCounter
from hazelcast.proxy.reliable_topic import ReliableTopic
from hazelcast.proxy.ringbuffer import Ringbuffer
from hazelcast.proxy.vector_collection import VectorCollection

from tealjet.bridge.cp import CPNumbers, LostLock, LostPermits
from tealjet.bridge.homes import Surroundings
from tealjet.bridge.names import check_name
from tealjet.bridge.parts import in_parts
from tealjet.bridge.renewal import RenewedCounter, RenewedIds, RenewedNearCache, RenewedRing, RenewedTopic
from tealjet.errors import CallTimeoutError, Outcome

__all__ = ["CPProxies", "Proxies"]


class Proxies(ProxyManager):
    """The official proxy manager; it makes our proxies where we have one."""

    def __init__(self, context: Any, around: Surroundings) -> None:
        """Make proxies for this client context."""
        super().__init__(context)
        self._around = around
        ours: Mapping[str, Callable[[str, str, Any, Surroundings], Any]] = {
            EXECUTOR_SERVICE: _maker(_Executor),
            FLAKE_ID_GENERATOR_SERVICE: _maker(_FlakeIdGenerator),
            MAP_SERVICE: _make_map,
            MULTI_MAP_SERVICE: _maker(_MultiMap),
            PN_COUNTER_SERVICE: _PNCounter,
            RELIABLE_TOPIC_SERVICE: _ReliableTopic,
            RINGBUFFER_SERVICE: _Ringbuffer,
            VECTOR_SERVICE: _maker(_VectorCollection),
        }
        self._ours = ours

    def get_or_create(self, service_name: str, name: str, create_on_remote: bool = True) -> Any:
        """Return the proxy of that name, the same one to all threads: what is renewed at a change is what they have."""
        check_name(name)
        place = service_name, name
        made = self._proxies.get(place)
        if made is None:
            made = self._proxies.setdefault(place, self._create_proxy(service_name, name, create_on_remote))
        return made

    def _create_proxy(self, service_name: str, name: str, create_on_remote: bool) -> Any:
        make = self._ours.get(service_name)
        if make is None:
            return super()._create_proxy(service_name, name, create_on_remote)
        if create_on_remote:
            invocation = Invocation(client_create_proxy_codec.encode_request(name, service_name))
            self._context.invocation_service.invoke(invocation)
            invocation.future.result()
        return make(service_name, name, self._context, self._around)

    def destroy_proxy(self, service_name: str, name: str, destroy_on_remote: bool = True) -> bool:
        """Destroy a proxy; one whose cluster was not told stays, so that it can be destroyed again."""
        proxy = self._proxies.get((service_name, name))
        try:
            return bool(super().destroy_proxy(service_name, name, destroy_on_remote))
        except Exception:
            self._proxies.setdefault((service_name, name), proxy)
            raise


def _maker(kind: Callable[[str, str, Any], Any]) -> Callable[..., Any]:
    return lambda service_name, name, context, _: kind(service_name, name, context)


def _make_map(service_name: str, name: str, context: Any, _: Surroundings) -> Any:
    if name in context.config.near_caches:
        return _NearCachedMap(service_name, name, context)
    return _Map(service_name, name, context)


class _Map(Map[Any, Any]):
    get_all = in_parts(Map.get_all)
    put_all = in_parts(Map.put_all)


class _MultiMap(MultiMap[Any, Any]):
    put_all = in_parts(MultiMap.put_all)


class _VectorCollection(VectorCollection):
    put_all = in_parts(VectorCollection.put_all)


class _Executor(Executor):
    execute_on_members = in_parts(Executor.execute_on_members)


class _NearCachedMap(RenewedNearCache, MapFeatNearCache[Any, Any]):
    get_all = in_parts(MapFeatNearCache.get_all)
    put_all = in_parts(MapFeatNearCache.put_all)

    def __init__(self, service_name: str, name: str, context: Any) -> None:
        super().__init__(service_name, name, context)
        self._near_caches = context.near_cache_manager
        self.cluster_changed()  # it may have, and what is still being made was not told

    def _get_internal(self, key_data: Any) -> Any:
        near_cache = self._near_cache
        try:
            return ImmediateFuture(near_cache[key_data])
        except KeyError:
            pass

        def fill(answer: Future[Any]) -> Any:
            value = near_cache[key_data] = answer.result()
            return value

        return Map._get_internal(self, key_data).continue_with(fill)

    def _get_all_internal(self, partition_to_keys: Any, futures: Any = None) -> Any:
        known = ImmediateFuture(self._take_known(partition_to_keys))
        return Map._get_all_internal(self, partition_to_keys, [known])


class _FlakeIdGenerator(RenewedIds, FlakeIdGenerator):
    pass


class _PNCounter(RenewedCounter, PNCounter):
    def __init__(self, service_name: str, name: str, context: Any, around: Surroundings) -> None:
        super().__init__(service_name, name, context)
        self._bind(context.invocation_service, around.home)

    def _invoke_on_target(self, request: Any, uuid: Any, response_handler: Any = None) -> Any:
        home = self._home()
        asked = super()._invoke_on_target(request, uuid, response_handler)
        return asked.continue_with(lambda answer: self._told_at(home, answer.result()))

    def _set_result_or_error(
        self, delegated_future: Any, excluded_addresses: Any, last_error: Any, codec: Any, **kwargs: Any
    ) -> None:
        if self._must_not_go_on(last_error):
            delegated_future.set_exception(last_error)
        else:
            super()._set_result_or_error(delegated_future, excluded_addresses, last_error, codec, **kwargs)


class _Ringbuffer(RenewedRing, Ringbuffer[Any]):
    def __init__(self, service_name: str, name: str, context: Any, around: Surroundings) -> None:
        super().__init__(service_name, name, context)
        self._bind(context.invocation_service, around.home)

    def read_many(self, start_sequence: int, min_count: int, max_count: int, filter: Any = None) -> Any:  # noqa: A002
        read = functools.partial(super().read_many, start_sequence, min_count, max_count, filter)
        if self._capacity:
            return read()
        home = self._home()

        def read_here(capacity: Future[int]) -> Any:
            capacity.result()
            self._check(home)
            return read()

        return self.capacity().continue_with(read_here)

    def tail_sequence(self) -> Any:
        home = self._home()

        def tail_here(tail: Future[int]) -> Any:
            sequence = tail.result()
            # else the cluster changed when it had answered: the next one has its own tail
            return sequence if self._home() is home else self.tail_sequence()

        return super().tail_sequence().continue_with(tail_here)


class _ReliableTopic(RenewedTopic, ReliableTopic[Any]):
    def __init__(self, service_name: str, name: str, context: Any, around: Surroundings) -> None:
        super().__init__(service_name, name, context)
        self._around = around

    def destroy(self) -> bool:
        with self._destroying():
            return super().destroy()

    # while it waits for room in the ringbuffer, the official topic gives an error as if it were a result

    def _add_with_backoff(self, message: Any) -> Any:
        return super()._add_with_backoff(message).continue_with(_raised)

    def _add_messages_with_backoff(self, messages: Any) -> Any:
        return super()._add_messages_with_backoff(messages).continue_with(_raised)


def _raised(published: Future[Any]) -> None:
    error = published.result()
    if error is not None:
        raise error


class CPProxies(CPProxyManager):
    """The official manager of CP proxies; it makes our locks, semaphores and latches."""

    def __init__(self, context: Any, numbers: CPNumbers, around: Surroundings) -> None:
        """Make proxies for this context for CP structures."""
        super().__init__(context)
        self._numbers = numbers
        self._around = around

    def get_or_create(self, service_name: str, proxy_name: str) -> Any:
        """Return the proxy of that name."""
        made = super().get_or_create(service_name, proxy_name)
        if service_name != COUNT_DOWN_LATCH_SERVICE:
            return made
        return _CountDownLatch(self._context, made._group_id, made._service_name, made._proxy_name, made._object_name)

    def _create_fenced_lock(self, group_id: Any, proxy_name: str, object_name: str) -> Any:
        with self._mux:
            proxy = self._lock_proxies.get(proxy_name)
            if proxy is None:
                proxy = _FencedLock(self._context, group_id, LOCK_SERVICE, proxy_name, object_name)
                proxy._numbers, proxy._home = self._numbers, self._around.home
                self._lock_proxies[proxy_name] = proxy
            return proxy

    def _create_semaphore(self, group_id: Any, proxy_name: str, object_name: str) -> Any:
        made = super()._create_semaphore(group_id, proxy_name, object_name)
        if not isinstance(made, SessionAwareSemaphore):
            return made
        proxy = _Semaphore(self._context, group_id, SEMAPHORE_SERVICE, proxy_name, object_name)
        proxy._home = self._around.home
        return proxy


class _FencedLock(LostLock, FencedLock):
    pass


class _CountDownLatch(CountDownLatch):
    """The official one begins anew, without end, when a call ends at its deadline."""

    def _do_count_down(self, expected_round: int, invocation_uuid: Any) -> Any:
        return self._request_count_down(expected_round, invocation_uuid).continue_with(
            self._counted, expected_round, invocation_uuid
        )

    def _counted(self, answer: Future[Any], expected_round: int, invocation_uuid: Any) -> Any:
        try:
            return answer.result()
        except OperationTimeoutError as error:
            if isinstance(error, CallTimeoutError):
                raise
            # the cluster gave up; it knows the repetition by its id
            return self._do_count_down(expected_round, invocation_uuid).continue_with(_at_best_unknown)


def _at_best_unknown(answer: Future[Any]) -> Any:
    try:
        return answer.result()
    except Exception as error:
        error.outcome = Outcome.UNKNOWN  # type: ignore[attr-defined]
        raise


class _Semaphore(LostPermits, SessionAwareSemaphore):
    pass
