"""The asyncio family's proxies that keep something of a cluster or send several messages for one call.

They are thin subclasses of the official ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from hazelcast.cp import COUNT_DOWN_LATCH_SERVICE, LOCK_SERVICE, SEMAPHORE_SERVICE
from hazelcast.errors import OperationTimeoutError
from hazelcast.internal.asyncio_invocation import Invocation
from hazelcast.internal.asyncio_lock_context import LockContext
from hazelcast.internal.asyncio_proxy.countdown_latch import CountDownLatch
from hazelcast.internal.asyncio_proxy.cp_manager import CPProxyManager
from hazelcast.internal.asyncio_proxy.executor import Executor
from hazelcast.internal.asyncio_proxy.fenced_lock import FencedLock
from hazelcast.internal.asyncio_proxy.flake_id_generator import FlakeIdGenerator
from hazelcast.internal.asyncio_proxy.manager import (
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
from hazelcast.internal.asyncio_proxy.map import Map, MapFeatNearCache
from hazelcast.internal.asyncio_proxy.multi_map import MultiMap
from hazelcast.internal.asyncio_proxy.pn_counter import PNCounter
from hazelcast.internal.asyncio_proxy.reliable_topic import ReliableTopic
from hazelcast.internal.asyncio_proxy.ringbuffer import Ringbuffer
from hazelcast.internal.asyncio_proxy.semaphore import SessionAwareSemaphore
from hazelcast.internal.asyncio_proxy.vector_collection import VectorCollection
from hazelcast.protocol.codec import client_create_proxy_codec
from hazelcast.proxy.reliable_topic import _RINGBUFFER_PREFIX

from tealjet.bridge.cp import CPNumbers, LostLock, LostPermits
from tealjet.bridge.homes import Surroundings
from tealjet.bridge.names import check_name
from tealjet.bridge.parts import async_in_parts
from tealjet.bridge.renewal import RenewedCounter, RenewedIds, RenewedNearCache, RenewedRing, RenewedTopic
from tealjet.errors import CallTimeoutError, Outcome

__all__ = ["AsyncioCPProxies", "AsyncioProxies"]


class AsyncioProxies(ProxyManager):
    """The official proxy manager; it makes our proxies where we have one."""

    def __init__(self, context: Any, around: Surroundings) -> None:
        """Make proxies for this client context."""
        super().__init__(context)
        self._around = around
        ours: Mapping[str, Callable[[str, str, Any, Surroundings], Coroutine[Any, Any, Any]]] = {
            EXECUTOR_SERVICE: _maker(_Executor),
            FLAKE_ID_GENERATOR_SERVICE: _maker(_FlakeIdGenerator),
            MAP_SERVICE: _make_map,
            MULTI_MAP_SERVICE: _maker(_MultiMap),
            PN_COUNTER_SERVICE: _maker_around(_PNCounter),
            RELIABLE_TOPIC_SERVICE: _make_topic,
            RINGBUFFER_SERVICE: _maker_around(_Ringbuffer),
            VECTOR_SERVICE: _maker(_VectorCollection),
        }
        self._ours = ours

    async def get_or_create(self, service_name: str, name: str, create_on_remote: bool = True) -> Any:
        """Return the proxy of that name. Who waits while another task makes it shares neither its end nor its error."""
        check_name(name)
        place = service_name, name
        while isinstance(made := self._proxies.get(place), asyncio.Future):
            await asyncio.wait([made])
        if made is not None:
            return made
        ended = self._proxies[place] = asyncio.get_running_loop().create_future()
        try:
            made = self._proxies[place] = await self._create_proxy(service_name, name, create_on_remote)
        except BaseException:
            self._proxies.pop(place, None)
            raise
        finally:
            ended.set_result(None)
        return made

    async def _create_proxy(self, service_name: str, name: str, create_on_remote: bool) -> Any:
        make = self._ours.get(service_name)
        if make is None:
            return await super()._create_proxy(service_name, name, create_on_remote)
        if create_on_remote:
            invocation = Invocation(client_create_proxy_codec.encode_request(name, service_name))
            await self._context.invocation_service.ainvoke(invocation)
        return await make(service_name, name, self._context, self._around)

    async def destroy_proxy(self, service_name: str, name: str, destroy_on_remote: bool = True) -> bool:
        """Destroy a proxy; one whose cluster was not told stays, so that it can be destroyed again."""
        proxy = self._proxies.get((service_name, name))
        try:
            return bool(await super().destroy_proxy(service_name, name, destroy_on_remote))
        except BaseException:
            self._proxies.setdefault((service_name, name), proxy)
            raise


def _maker(kind: Callable[[str, str, Any], Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def make(service_name: str, name: str, context: Any, _: Surroundings) -> Any:
        return kind(service_name, name, context)

    return make


def _maker_around(kind: Callable[[str, str, Any, Surroundings], Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def make(service_name: str, name: str, context: Any, around: Surroundings) -> Any:
        return kind(service_name, name, context, around)

    return make


async def _make_map(service_name: str, name: str, context: Any, _: Surroundings) -> Any:
    if name not in context.config.near_caches:
        return _Map(service_name, name, context)
    made = _NearCachedMap(service_name, name, context)
    if made._near_cache.invalidate_on_change:
        await made._add_near_cache_invalidation_listener()
    made.cluster_changed()  # it may have, and what is still being made was not told
    return made


async def _make_topic(service_name: str, name: str, context: Any, around: Surroundings) -> Any:
    ring = await context.proxy_manager.get_or_create(RINGBUFFER_SERVICE, f"{_RINGBUFFER_PREFIX}{name}", False)
    return _ReliableTopic(service_name, name, context, ring, around)


class _Lock(LockContext):
    """The official lock context; when both what it protects and the unlocking fail, the former is what is raised."""

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        try:
            await super().__aexit__(kind, error, traceback)
        except Exception as failure:
            if error is None:
                raise
            error.add_note(f"the lock could not be released: {failure}")


class _Locks:
    """What has locks for its keys."""

    def lock_context(self, key: Any) -> LockContext:
        return _Lock(self, key)


class _Map(_Locks, Map[Any, Any]):
    get_all = async_in_parts(Map.get_all)
    put_all = async_in_parts(Map.put_all)


class _MultiMap(_Locks, MultiMap[Any, Any]):
    put_all = async_in_parts(MultiMap.put_all)


class _VectorCollection(VectorCollection):  # type: ignore[type-arg]
    put_all = async_in_parts(VectorCollection.put_all)


class _Executor(Executor):
    execute_on_members = async_in_parts(Executor.execute_on_members)


class _NearCachedMap(_Locks, RenewedNearCache, MapFeatNearCache[Any, Any]):
    get_all = async_in_parts(MapFeatNearCache.get_all)
    put_all = async_in_parts(MapFeatNearCache.put_all)

    def __init__(self, service_name: str, name: str, context: Any) -> None:
        super().__init__(service_name, name, context)
        self._near_caches = context.near_cache_manager

    async def _get_internal(self, key_data: Any) -> Any:
        near_cache = self._near_cache
        try:
            return near_cache[key_data]
        except KeyError:
            value = near_cache[key_data] = await Map._get_internal(self, key_data)
            return value

    async def _get_all_internal(self, partition_to_keys: Any, tasks: Any = None) -> Any:
        known = asyncio.get_running_loop().create_future()
        known.set_result(self._take_known(partition_to_keys))
        return await Map._get_all_internal(self, partition_to_keys, [known])


class _FlakeIdGenerator(RenewedIds, FlakeIdGenerator):
    pass


class _PNCounter(RenewedCounter, PNCounter):
    def __init__(self, service_name: str, name: str, context: Any, around: Surroundings) -> None:
        super().__init__(service_name, name, context)
        self._bind(context.invocation_service, around.home)

    async def _ainvoke_on_target(self, request: Any, uuid: Any, response_handler: Any = None) -> Any:
        home = self._home()
        # not while it is decoded: the cluster may change before this goes on
        return self._told_at(home, await super()._ainvoke_on_target(request, uuid, response_handler))

    async def _set_result_or_error(
        self, delegated_future: Any, excluded_addresses: Any, last_error: Any, codec: Any, **kwargs: Any
    ) -> None:
        if self._must_not_go_on(last_error):
            delegated_future.set_exception(last_error)
        else:
            await super()._set_result_or_error(delegated_future, excluded_addresses, last_error, codec, **kwargs)


class _Ringbuffer(RenewedRing, Ringbuffer[Any]):
    def __init__(self, service_name: str, name: str, context: Any, around: Surroundings) -> None:
        super().__init__(service_name, name, context)
        self._bind(context.invocation_service, around.home)

    async def read_many(self, start_sequence: int, min_count: int, max_count: int, filter: Any = None) -> Any:  # noqa: A002
        home = self._home()
        await self.capacity()
        self._check(home)
        return await super().read_many(start_sequence, min_count, max_count, filter)

    async def tail_sequence(self) -> int:
        while True:
            home = self._home()
            tail = await super().tail_sequence()
            if self._home() is home:  # else the cluster changed when it had answered: the next one has its own tail
                return tail


class _ReliableTopic(RenewedTopic, ReliableTopic[Any]):
    def __init__(self, service_name: str, name: str, context: Any, ring: Any, around: Surroundings) -> None:
        super().__init__(service_name, name, context, ring)
        self._around = around

    async def destroy(self) -> bool:
        with self._destroying():
            return await super().destroy()


class AsyncioCPProxies(CPProxyManager):
    """The official manager of CP proxies; it makes our locks, semaphores and latches."""

    def __init__(self, context: Any, numbers: CPNumbers, around: Surroundings) -> None:
        """Make proxies for this context for CP structures."""
        super().__init__(context)
        self._numbers = numbers
        self._around = around

    async def get_or_create(self, service_name: str, proxy_name: str) -> Any:
        """Return the proxy of that name."""
        made = await super().get_or_create(service_name, proxy_name)
        if service_name != COUNT_DOWN_LATCH_SERVICE:
            return made
        return _CountDownLatch(self._context, made._group_id, made._service_name, made._proxy_name, made._object_name)

    async def _create_fenced_lock(self, group_id: Any, proxy_name: str, object_name: str) -> Any:
        async with self._mux:
            proxy = self._lock_proxies.get(proxy_name)
            if proxy is None:
                proxy = _FencedLock(self._context, group_id, LOCK_SERVICE, proxy_name, object_name)
                proxy._numbers, proxy._home = self._numbers, self._around.home
                self._lock_proxies[proxy_name] = proxy
            return proxy

    async def _create_semaphore(self, group_id: Any, proxy_name: str, object_name: str) -> Any:
        made = await super()._create_semaphore(group_id, proxy_name, object_name)
        if not isinstance(made, SessionAwareSemaphore):
            return made
        proxy = _Semaphore(self._context, group_id, SEMAPHORE_SERVICE, proxy_name, object_name)
        proxy._home = self._around.home
        return proxy


class _FencedLock(LostLock, FencedLock):
    pass


class _CountDownLatch(CountDownLatch):
    """The official one begins anew, without end, when a call ends at its deadline."""

    async def _do_count_down(self, expected_round: int, invocation_uuid: Any) -> Any:
        repeated = False
        while True:
            try:
                return await self._request_count_down(expected_round, invocation_uuid)
            except Exception as error:
                if isinstance(error, OperationTimeoutError) and not isinstance(error, CallTimeoutError):
                    repeated = True  # the cluster gave up; it knows the repetition by its id
                    continue
                if repeated:
                    error.outcome = Outcome.UNKNOWN  # type: ignore[attr-defined]
                raise


class _Semaphore(LostPermits, SessionAwareSemaphore):
    pass
