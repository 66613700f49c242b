"""The server alone: how it starts, and what happens if it cannot."""

from __future__ import annotations

import socket

import pytest
import requests
from salesforce_emulator import Emulator
from salesforce_emulator.app import build_app
from salesforce_emulator.org.reading import read_org
from salesforce_emulator.server import BackgroundServer, Server, bind_socket, bind_sockets
from salesforce_emulator.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World(read_org())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_that_cannot_listen_says_so(world: World) -> None:
    bound = bind_sockets("127.0.0.1", 0)
    server = BackgroundServer(build_app(world), bound)
    for one in bound:
        one.close()
    with pytest.raises(RuntimeError, match="the server did not start"):
        server.start()
    server.stop()


def test_a_server_that_is_told_to_stop_before_it_listens_is_never_ready(world: World) -> None:
    ready: list[str] = []
    server = Server(build_app(world), lambda: ready.append("ready"))
    server.should_exit = True
    with bind_socket("127.0.0.1", 0) as bound:
        server.run(sockets=[bound])
    assert ready == []


def test_an_emulator_that_never_started_can_be_stopped() -> None:
    emulator = Emulator()
    emulator.stop()
    assert emulator.instance_url == ""


def test_an_emulator_that_stopped_leaves_its_ports_to_others() -> None:
    with Emulator() as emulator:
        url = emulator.instance_url
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    with bind_socket("127.0.0.1", int(url.rpartition(":")[2])) as bound:
        assert bound.family == socket.AF_INET
