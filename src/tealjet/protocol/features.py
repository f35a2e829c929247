"""What later members know and earlier ones do not: the messages that users cause and that came after protocol 2.0.

A member that does not know a message does not always say so: Hazelcast Jet 4 takes some numbers for messages of its
own. So what a cluster lacks is looked up here before anything is sent. The first versions are the ``since`` fields of
the Open Binary Client Protocol's definitions (2.1 came with 4.1, 2.2 with 4.2, 2.5 with 5.2, 2.6 with 5.3, 2.8 with
5.5); everything else that the official package can send has been there since 2.0, which is Hazelcast 4.0. Of the Jet
messages those are here that Hazelcast Jet 4 does not know at all; where the two have different forms of one message,
``jet`` has both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tealjet.protocol.values import MemberVersion

__all__ = ["COMPACT", "FEATURES", "Feature", "lacking"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """Something that users can do, and the messages that it takes."""

    name: str
    """What users call it."""
    since: tuple[int, int]
    """The first member version that has it: major, minor."""
    messages: Mapping[str, int]
    """Message types by the protocol's names."""
    instead: str
    """What to do on a cluster that lacks it."""


COMPACT = Feature(
    name="Compact serialization",
    since=(5, 2),
    messages={"client.sendSchema": 0x001300, "client.fetchSchema": 0x001400, "client.sendAllSchemas": 0x001500},
    instead="serialize with Portable, IdentifiedDataSerializable or a custom serializer",
)

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="Topic.publish_all",
        since=(4, 1),
        messages={"topic.publishAll": 0x040400},
        instead="publish the messages one by one",
    ),
    Feature(
        name="MultiMap.put_all",
        since=(4, 1),
        messages={"multiMap.putAll": 0x021700},
        instead="put the entries one by one",
    ),
    Feature(
        name="SQL",
        since=(4, 2),
        messages={"sql.close": 0x210300, "sql.execute": 0x210400, "sql.fetch": 0x210500},
        instead="read maps with predicates",
    ),
    COMPACT,
    Feature(
        name="list of jobs with their statements",
        since=(5, 2),
        messages={"jet.getJobAndSqlSummaryList": 0xFE0F00},
        instead="ask for the jobs one by one",
    ),
    Feature(
        name="Job.is_user_cancelled",
        since=(5, 3),
        messages={"jet.isJobUserCancelled": 0xFE1000},
        instead="look at the error of Job.join",
    ),
    Feature(
        name="upload of JARs",
        since=(5, 3),
        messages={"jet.uploadJobMetaData": 0xFE1100, "jet.uploadJobMultipart": 0xFE1200},
        instead="run the JAR beside the client",
    ),
    Feature(
        name="job status listeners",
        since=(5, 3),
        messages={"jet.addJobStatusListener": 0xFE1300, "jet.removeJobStatusListener": 0xFE1400},
        instead="ask for the status again and again",
    ),
    Feature(
        name="Job.update_config",
        since=(5, 3),
        messages={"jet.updateJobConfig": 0xFE1500},
        instead="cancel the job and submit it with another configuration",
    ),
    Feature(
        name="VectorCollection",
        since=(5, 5),
        messages={
            "dynamicConfig.addVectorCollectionConfig": 0x1B1400,
            "vectorCollection.put": 0x240100,
            "vectorCollection.putIfAbsent": 0x240200,
            "vectorCollection.putAll": 0x240300,
            "vectorCollection.get": 0x240400,
            "vectorCollection.remove": 0x240500,
            "vectorCollection.set": 0x240600,
            "vectorCollection.delete": 0x240700,
            "vectorCollection.searchNearVector": 0x240800,
            "vectorCollection.optimize": 0x240900,
            "vectorCollection.clear": 0x240A00,
            "vectorCollection.size": 0x240B00,
        },
        instead="keep vectors in a cluster that has it",
    ),
)
"""By version."""


def lacking(version: MemberVersion) -> Mapping[int, Feature]:
    """Return the message types that members of that version do not know, each with the feature it belongs to."""
    return MappingProxyType(
        {
            message_type: feature
            for feature in FEATURES
            if version[:2] < feature.since
            for message_type in feature.messages.values()
        }
    )
