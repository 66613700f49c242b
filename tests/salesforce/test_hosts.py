from __future__ import annotations

import pytest
from connector_salesforce.transport.hosts import HostError, instance_origin, origin, server_path

LOGIN = "https://acme.my.salesforce.com"


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.my.salesforce.com",
        "https://acme.my.salesforce.com/",
        "https://ACME.my.salesforce.com",
        "https://acme--dev.sandbox.my.salesforce.com",
        "https://na1.salesforce.com:443",
        "https://acme.lightning.force.com",
    ],
)
def test_a_token_may_go_to_hosts_of_salesforce(url: str) -> None:
    assert instance_origin(url, LOGIN).startswith("https://")


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.my.salesforce.com",
        "https://evil.com",
        "https://evilsalesforce.com",
        "https://salesforce.com.evil.com",
        "https://acme.my.salesforce.com.evil.com",
        "https://acme.my.salesforce.com@evil.com",
        "https://user:word@acme.my.salesforce.com",
        "https://evil.com\\.salesforce.com",
        "https://evil.com/.salesforce.com",
        "https://evil.com#.salesforce.com",
        "https://evil.com?.salesforce.com",
        "https://evil.com%2f.salesforce.com",
        "https://evil.com%00.salesforce.com",
        "https://evil.com\n.salesforce.com",
        "https://evil.com .salesforce.com",
        "https://acme.my.salesforce.com:8443",
        "https://acme.my.salesforce.com:99999",
        "https://acme.my.salesforce.com/services",
        "https://s\u0430lesforce.com",
        "https://acme.s\u0430lesforce.com",
        "https://acme..salesforce.com",
        "https://.salesforce.com",
        "https://[::1].salesforce.com",
        "https://127.0.0.1",
        "http://127.0.0.1:8080",
        "http://localhost",
        "https://2130706433",
        "https://0x7f.1",
        "//acme.my.salesforce.com",
        "acme.my.salesforce.com",
        "javascript://acme.my.salesforce.com",
        "file:///etc/passwd",
        "ftp://acme.my.salesforce.com",
        "https:acme.my.salesforce.com",
        "https:///acme.my.salesforce.com",
        "https://",
        "",
    ],
)
def test_a_token_goes_nowhere_else_whatever_the_trick(url: str) -> None:
    with pytest.raises(HostError):
        instance_origin(url, LOGIN)


def test_a_configured_host_may_be_its_own_instance() -> None:
    assert instance_origin("https://sf.acme.example", "https://sf.acme.example") == "https://sf.acme.example"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://localhost:7", "http://[::1]:5"])
def test_a_login_on_this_machine_may_lead_to_another_port_of_it(url: str) -> None:
    assert instance_origin(url, "http://127.0.0.1:8765") == url


def test_a_login_on_this_machine_leads_to_no_other_host_but_salesforces() -> None:
    with pytest.raises(HostError):
        instance_origin("http://10.0.0.1", "http://127.0.0.1:8765")


@pytest.mark.parametrize("url", ["http://acme.example", "https://acme.example/path", "https://a:b@c", "nonsense"])
def test_a_login_url_is_a_host_and_nothing_else(url: str) -> None:
    with pytest.raises(HostError):
        origin(url)


def test_a_path_that_an_answer_names_stays_in_the_api() -> None:
    assert server_path("/services/data/v58.0/query/0r8xx-2000") == "/services/data/v58.0/query/0r8xx-2000"


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.com/services/data",
        "//evil.com/services/data",
        "/services/../secur/frontdoor.jsp",
        "/secur/frontdoor.jsp",
        "services/data",
        "/services\\evil",
        "/services/data\r\nHost: evil.com",
        "/services/data#x",
        "/services/data with blanks",
        "@evil.com/services/",
        "",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(HostError):
        server_path(path)
