"""A secret in a configuration is never shown: not in an error, not in a repr."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hazelcast.config import Config

from tealjet.config import ClientConfig, FailoverConfig
from tealjet.errors import ConfigError

_SECRET = "x-hush-x"


@pytest.mark.parametrize(
    "content",
    [
        f'security: {{username-password: {{password: "{_SECRET}\\0x"}}}}',
        f"security: {{username-password: {{password: ${{{_SECRET}}}}}}}",
        f"security: {{username-password: {{password: [{_SECRET}]}}}}",
        f"security: {{username-password: {{pasword: {_SECRET}}}}}",
        f"security: {{token: {_SECRET}}}",
        f"security: {_SECRET}",
        f"network: {{ssl: {{properties: {{keyStorePassword: [{_SECRET}]}}}}}}",
        f"security: {{token: {{value: '{_SECRET}', encoding: base64}}}}",
        f"security: {{token: {{value: t, encoding: '{_SECRET}'}}}}",
        f"security: {{credentials-factory: {{class-name: 'builtins:int', properties: {{key: {_SECRET}}}}}}}",
        f"security: {{username-password: {{password: $ENC{{{_SECRET}}}}}}}",
        f"security:\n  username-password:\n    password: {_SECRET}: {_SECRET}",
        f"security: {{username-password: {{password: *{_SECRET}}}}}",
        f"security: {{username-password: {{password: &{_SECRET} {_SECRET}}}}}",
        f"security: {{username-password: {{password: '{_SECRET}",
        f"security: {{username-password: {{password: !{_SECRET} a}}}}",
    ],
)
def test_a_problem_with_a_secret_does_not_show_it(content: str, tmp_path: Path) -> None:
    (tmp_path / "conf.yaml").write_text(content)
    with pytest.raises(ConfigError) as raised:
        ClientConfig.load(tmp_path / "conf.yaml")
    assert _SECRET not in str(raised.value)
    assert _SECRET not in repr(raised.value)
    assert _SECRET not in repr(raised.value.problems)


@pytest.mark.parametrize(
    "content",
    [
        "<security><token>{}</token><token>{}</token></security>",
        "<security><username-password username='me' password='{}' pasword='{}'/></security>",
        "<security><username-password username='me' password='{}'</security>",
        "<security>{}</security>",
        "<network><ssl><properties><property name='keyStorePassword'><x>{}</x></property></properties></ssl></network>",
    ],
)
def test_a_problem_of_xml_with_a_secret_does_not_show_it(content: str, tmp_path: Path) -> None:
    (tmp_path / "conf.xml").write_text(f"<hazelcast-client>{content.replace('{}', _SECRET)}</hazelcast-client>")
    with pytest.raises(ConfigError) as raised:
        ClientConfig.load(tmp_path / "conf.xml")
    assert _SECRET not in str(raised.value)
    assert _SECRET not in repr(raised.value.problems)


def test_the_log_does_not_show_the_value_of_a_property_that_nobody_knows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "conf.yaml").write_text(f"properties: {{javax.net.ssl.trustStorePassword: {_SECRET}}}")
    with caplog.at_level(logging.INFO, logger="tealjet"):
        ClientConfig.load(tmp_path / "conf.yaml")
    assert "javax.net.ssl.trustStorePassword" in caplog.text
    assert _SECRET not in caplog.text


def test_no_repr_of_a_configuration_shows_the_password(tmp_path: Path) -> None:
    file = tmp_path / "conf.yaml"
    file.write_text(f"security: {{username-password: {{username: me, password: {_SECRET}}}}}")
    client = ClientConfig.load(file)
    assert client.credentials == ("me", _SECRET)
    for shown in (client, client.written, FailoverConfig(clients=[client])):
        assert _SECRET not in repr(shown)


def test_a_difference_elsewhere_does_not_show_the_credentials() -> None:
    blue, green = Config(), Config()
    blue.creds_password, green.creds_password = f"{_SECRET}1", f"{_SECRET}2"
    green.redo_operation = True
    with pytest.raises(ConfigError) as raised:
        FailoverConfig(clients=[blue, green])
    assert _SECRET not in str(raised.value)
