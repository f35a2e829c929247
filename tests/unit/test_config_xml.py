"""XML is read as YAML is: the same nodes, the same keys in messages, and a place for each element and attribute."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.config_classes import plain
from tealjet.config import ClientConfig, FailoverConfig
from tealjet.errors import ConfigError

_YAML = """\
hazelcast-client:
  cluster-name: blue
  client-labels: [orders, eu]
  network:
    cluster-members: [a, "b:5701"]
    outbound-ports: [34600, 34700-34702]
    redo-operation: true
    socket-options: {keep-alive: true, buffer-size: 64}
  connection-strategy:
    connection-retry: {max-backoff-millis: 60000, jitter: 0.5}
  security:
    token: {encoding: base64, value: YWJj}
  load-balancer: {type: custom, class-name: "support.config_classes:Nearest"}
  near-cache:
    orders: {time-to-live-seconds: 90, eviction: {eviction-policy: LFU, size: 5}}
    default: {}
  flake-id-generator:
    ids: {prefetch-count: 7}
  reliable-topic:
    news: {read-batch-size: 3}
  serialization:
    byte-order: LITTLE_ENDIAN
    data-serializable-factories: [{factory-id: 1, class-name: "support.config_classes:CUSTOMERS"}]
    portable-factories: [{factory-id: 2, class-name: "support.config_classes:PORTABLES"}]
    global-serializer: {class-name: "support.config_classes:OrderSerializer", override-java-serialization: true}
    serializers:
      - {type-class: "support.config_classes:Order", class-name: "support.config_classes:OrderSerializer"}
    compact-serialization:
      serializers: [{serializer: "support.config_classes:OrderCompact"}]
  properties:
    hazelcast.client.heartbeat.timeout: 1500
    tealjet.profile: fast
"""
_XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<hazelcast-client xmlns="http://www.hazelcast.com/schema/client-config"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://www.hazelcast.com/schema/client-config hazelcast-client-config-5.7.xsd">
  <cluster-name> blue
  </cluster-name>
  <client-labels><label>orders</label><label>eu</label></client-labels>
  <network>
    <cluster-members><address>a</address><address>b:5701</address></cluster-members>
    <outbound-ports><ports>34600</ports><ports>34700-34702</ports></outbound-ports>
    <redo-operation>true</redo-operation>
    <socket-options><keep-alive>true</keep-alive><buffer-size>64</buffer-size></socket-options>
  </network>
  <connection-strategy>
    <connection-retry><max-backoff-millis>60000</max-backoff-millis><jitter>0.5</jitter></connection-retry>
  </connection-strategy>
  <security><token encoding="base64"><!-- abc -->YWJj</token></security>
  <load-balancer type="custom">support.config_classes:Nearest</load-balancer>
  <near-cache name="orders">
    <time-to-live-seconds>90</time-to-live-seconds>
    <eviction eviction-policy="LFU" size="5"/>
  </near-cache>
  <near-cache/>
  <flake-id-generator name="ids"><prefetch-count>7</prefetch-count></flake-id-generator>
  <reliable-topic name="news"><read-batch-size>3</read-batch-size></reliable-topic>
  <serialization>
    <byte-order>LITTLE_ENDIAN</byte-order>
    <data-serializable-factories>
      <data-serializable-factory factory-id="1">support.config_classes:CUSTOMERS</data-serializable-factory>
    </data-serializable-factories>
    <portable-factories>
      <portable-factory factory-id="2">support.config_classes:PORTABLES</portable-factory>
    </portable-factories>
    <serializers>
      <global-serializer override-java-serialization="true">support.config_classes:OrderSerializer</global-serializer>
      <serializer type-class="support.config_classes:Order" class-name="support.config_classes:OrderSerializer"/>
    </serializers>
    <compact-serialization>
      <serializers><serializer>support.config_classes:OrderCompact</serializer></serializers>
    </compact-serialization>
  </serialization>
  <properties>
    <property name="hazelcast.client.heartbeat.timeout">1500</property>
    <property name="tealjet.profile">fast</property>
  </properties>
</hazelcast-client>
"""


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _summary(client: ClientConfig) -> dict[str, object]:
    explicit = {name: plain(getattr(client.config, name)) for name in client.explicit}
    return {**explicit, **client.options, "outbound_ports": client.outbound_ports}


def _refusal(content: str | bytes) -> list[str]:
    Path("conf.xml").write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ConfigError) as raised:
        ClientConfig.load("conf.xml")
    return [str(problem) for problem in raised.value.problems]


def _inside(content: str) -> list[str]:
    return _refusal(f"<hazelcast-client>\n{content}\n</hazelcast-client>")


def test_xml_and_yaml_that_say_the_same_give_the_same_configuration() -> None:
    Path("conf.yaml").write_text(_YAML)
    Path("conf.xml").write_text(_XML)
    from_yaml, from_xml = ClientConfig.load("conf.yaml"), ClientConfig.load("conf.xml")
    assert _summary(from_xml) == _summary(from_yaml)
    assert from_xml.explicit >= {"near_caches", "custom_serializers", "token_provider", "load_balancer"}
    assert {name: one.key for name, one in from_xml.written.items()} == {
        name: one.key for name, one in from_yaml.written.items()
    }


def test_the_example_of_the_manual_is_the_same_in_xml() -> None:
    for name, network in (("A", "10.216.1"), ("B", "10.214.2")):
        members = "".join(f"<address>{network}.{host}:5702</address>" for host in (18, 19))
        Path(f"hazelcast-client-cluster{name}.xml").write_text(
            f"<hazelcast-client><cluster-name>cluster{name}</cluster-name>"
            f"<network><cluster-members>{members}</cluster-members></network></hazelcast-client>"
        )
    Path("hazelcast-client-failover.xml").write_text(
        "<hazelcast-client-failover><try-count>10</try-count><clients><client>hazelcast-client-clusterA.xml</client>"
        "<client>hazelcast-client-clusterB.xml</client></clients></hazelcast-client-failover>"
    )
    config = FailoverConfig.load()
    assert config.try_count == 10
    assert [(client.cluster_name, client.addresses) for client in config.clients] == [
        ("clusterA", (("10.216.1.18", 5702), ("10.216.1.19", 5702))),
        ("clusterB", (("10.214.2.18", 5702), ("10.214.2.19", 5702))),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "conf.xml:1:1: this is not XML: no element found"),
        ("<a>\n <b></a>", "conf.xml:2:7: this is not XML: mismatched tag"),
        ("<a>&nothing;</a>", "conf.xml:1:4: this is not XML: undefined entity"),
        (
            '<!DOCTYPE a [<!ENTITY x "y">]>\n<a>&x;</a>',
            "conf.xml:1:13: a DOCTYPE is not read, and no entities with it: remove it",
        ),
        (
            '<?xml version="1.0" encoding="ISO-8859-1"?>\n<a/>',
            "conf.xml:1:1: the encoding 'ISO-8859-1' is not read: save the file as UTF-8",
        ),
        (b"<a>\n\xe9</a>", "conf.xml:2:1: the byte 0xe9 is not UTF-8; allowed: UTF-8 text"),
        ("<a>" * 33, "conf.xml:1:97: nested deeper than 32 levels"),
        (" " * (256 * 1024 + 1), "conf.xml: the file is larger than 256 KiB"),
        (
            "<hazelcast/>",
            "conf.xml:1:1: the root element is hazelcast; allowed: hazelcast-client "
            "(this is a member's file, not a client's)",
        ),
        ("<x:hazelcast-client/>", "conf.xml:1:1: this is not XML: unbound prefix"),
    ],
    ids=["empty", "unclosed", "entity", "DOCTYPE", "encoding", "not UTF-8", "too deep", "too large", "root", "prefix"],
)
def test_a_file_that_is_no_plain_xml_is_refused_with_the_place(content: str | bytes, problem: str) -> None:
    assert _refusal(content) == [problem]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            "<cluster-name>a</cluster-name><cluster-name>b</cluster-name>",
            "2:31: cluster-name: this key stands already in line 2",
        ),
        ("<network>a<redo-operation>true</redo-operation></network>", "2:10: network: text between the elements"),
        ("<network redo='true'/>", "2:10: network.redo: unknown key; allowed: "),
        (
            "<network>\n  <redo-operation>\n    maybe\n  </redo-operation></network>",
            "4:5: network.redo-operation: found 'maybe'; allowed: true or false",
        ),
        (
            "<connection-strategy async-start='false'\n   reconnect-mode = 'OFF'/>",
            "3:4: connection-strategy.reconnect-mode: found 'OFF'; allowed: ON (",
        ),
        ("<client-labels>\n<name>a</name></client-labels>", "3:1: client-labels.name: unknown element: this is a list"),
        ("<client-labels of='me'/>", "2:16: client-labels.of: unknown attribute: this is a list"),
        ("<client-labels>a</client-labels>", "2:16: client-labels: found a single value; allowed: a list, "),
        ("<near-cache name='a'/><near-cache name='a'/>", "2:35: near-cache.a: this key stands already in line 2"),
        ("<reliable-topic/>", "2:1: reliable-topic: the attribute 'name' is missing"),
        (
            "<properties><property>1</property></properties>",
            "2:13: properties.property: the attribute 'name' is missing",
        ),
        ("é<cluster-name><x/></cluster-name>", "2:2: cluster-name: found a mapping; allowed: text that is not blank"),
        (
            "<network><kubernetes enabled='true' service-name='é' /></network>",
            "2:10: network.kubernetes: not supported: ",
        ),
        (
            "<security><username-password username='é' pasword='x'/></security>",
            "2:43: security.username-password.pasword: unknown key; allowed: username, password "
            "(did you mean 'password'?)",
        ),
    ],
)
def test_what_is_wrong_in_an_element_is_told_with_the_place_of_text_or_attribute(content: str, problem: str) -> None:
    assert [found for found in _inside(content) if found.startswith(f"conf.xml:{problem}")]


def test_an_empty_element_is_a_section_without_keys_or_an_empty_list() -> None:
    Path("conf.xml").write_text(
        "<hazelcast-client><network/><properties/><client-labels/><serialization/><security/></hazelcast-client>"
    )
    client = ClientConfig.load("conf.xml")
    assert client.explicit == {"labels"}
    assert client.config.labels == []


def test_an_empty_value_is_told() -> None:
    assert _inside("<cluster-name/>") == ["conf.xml:2:1: cluster-name: found ''; allowed: text that is not blank"]


def test_a_failover_file_lists_files_of_its_own_format() -> None:
    Path("blue.yaml").write_text("cluster-name: blue")
    Path("failover.xml").write_text(
        "<hazelcast-client-failover><clients><client>blue.yaml</client></clients></hazelcast-client-failover>"
    )
    with pytest.raises(
        ConfigError, match=r"failover.xml:1:45: clients\[0\]: 'blue.yaml' is not XML; allowed: XML files"
    ):
        FailoverConfig.load("failover.xml")
