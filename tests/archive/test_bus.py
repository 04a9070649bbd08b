"""One contract for every bus: who subscribed before a message wakes up, and nobody ever waits to publish."""

import os
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from archive.bus import TOPICS, Bus, LocalBus, Subscription, bus_directory, open_bus
from archive.redis_bus import RedisBus
from tests.waiting import answers, free_port, wait_until

SOON, NEVER = 5.0, 0.2


class RedisServer:
    """A real Redis of Debian's package that can be stopped and started again on its port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(lambda: answers(self.port), what="Redis answers")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        if os.environ.get("CI") == "true" or os.environ.get("ISOCENTER_REQUIRE_PEERS") == "1":
            pytest.fail("Debian's package redis-server is required and not installed")
        pytest.skip("Debian's package redis-server is not installed")
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture(params=["local", "redis"])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bus]:
    """A bus, once of each kind."""
    made: Bus
    if request.param == "local":
        made = LocalBus(tmp_path / "bus")
    else:
        made = RedisBus(request.getfixturevalue("redis_server").url)
    yield made
    made.close()


@contextmanager
def listening(bus: Bus, *topics: str) -> Iterator[Subscription]:
    subscription = bus.subscribe(*topics)
    try:
        # A new subscription may count as a wake-up.
        subscription.wait(NEVER)
        yield subscription
    finally:
        subscription.close()


def test_a_subscriber_wakes_up(bus: Bus) -> None:
    with listening(bus, "events") as subscription:
        bus.publish("events")
        assert subscription.wait(SOON)
        assert not subscription.wait(0)


def test_a_subscriber_hears_its_topics_only(bus: Bus) -> None:
    with listening(bus, "jobs", "deliveries") as subscription:
        bus.publish("events")
        assert not subscription.wait(NEVER)
        bus.publish("deliveries")
        assert subscription.wait(SOON)


def test_all_subscribers_wake_up(bus: Bus) -> None:
    with listening(bus, "events") as one, listening(bus, "events", "config") as other:
        bus.publish("events")
        assert one.wait(SOON)
        assert other.wait(SOON)


def test_a_waiting_thread_wakes_up(bus: Bus) -> None:
    with listening(bus, "arrivals") as subscription:
        woken: list[bool] = []
        waiter = threading.Thread(target=lambda: woken.append(subscription.wait(SOON)))
        waiter.start()
        bus.publish("arrivals")
        waiter.join()
        assert woken == [True]


def test_an_event_loop_can_watch_a_subscription(bus: Bus) -> None:
    with listening(bus, "events") as subscription:
        bus.publish("events")
        readable, _, _ = select.select([subscription], [], [], SOON)
        assert readable
        assert subscription.drain()
        assert select.select([subscription], [], [], 0) == ([], [], [])


def test_nobody_waits_for_a_subscriber_that_sleeps(bus: Bus) -> None:
    with listening(bus, "events") as subscription:
        started = time.monotonic()
        for _ in range(2_000):
            bus.publish("events")
        assert time.monotonic() - started < SOON
        assert subscription.wait(SOON)


def test_publishing_without_subscribers_is_fine(bus: Bus) -> None:
    bus.publish("jobs")


def test_a_topic_that_does_not_exist_is_a_mistake(bus: Bus) -> None:
    with pytest.raises(ValueError, match="no such topic"):
        bus.publish("event")
    with pytest.raises(ValueError, match="no such topic"):
        bus.subscribe("event")


def test_a_process_hears_another(tmp_path: Path) -> None:
    publish = "import sys; from pathlib import Path; from archive.bus import LocalBus"
    publish += "; LocalBus(Path(sys.argv[1])).publish('events')"
    bus = LocalBus(tmp_path / "bus")
    with closing(bus), listening(bus, "events") as subscription:
        subprocess.run([sys.executable, "-c", publish, str(tmp_path / "bus")], check=True)
        assert subscription.wait(SOON)


def test_the_socket_of_a_dead_process_is_removed(tmp_path: Path) -> None:
    subscribe = "import os, sys; from pathlib import Path; from archive.bus import LocalBus"
    subscribe += "; LocalBus(Path(sys.argv[1])).subscribe('events'); os._exit(9)"
    folder = tmp_path / "bus"
    subprocess.run([sys.executable, "-c", subscribe, str(folder)], check=False)
    assert len(list(folder.iterdir())) == 1
    with closing(LocalBus(folder)) as bus:
        bus.publish("events")
        assert list(folder.iterdir()) == []


def test_the_folder_of_the_sockets_is_private(tmp_path: Path) -> None:
    with closing(LocalBus(tmp_path / "bus")):
        assert (tmp_path / "bus").stat().st_mode & 0o777 == 0o700
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(PermissionError):
        LocalBus(tmp_path / "open")
    (tmp_path / "link").symlink_to(tmp_path / "bus")
    with pytest.raises(PermissionError):
        LocalBus(tmp_path / "link")


def test_the_last_to_leave_removes_the_folder_and_the_next_makes_it_again(tmp_path: Path) -> None:
    folder = tmp_path / "bus"
    early = LocalBus(folder)
    LocalBus(folder).close()
    assert not folder.exists()
    early.publish("events")
    with closing(early), listening(early, "events") as subscription:
        early.publish("events")
        assert subscription.wait(SOON)
        LocalBus(folder).close()
        assert folder.exists()


def test_a_node_gets_its_own_short_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    assert bus_directory(deep) == bus_directory(deep)
    assert bus_directory(deep) != bus_directory(tmp_path)
    bus = open_bus(None, deep)
    with closing(bus), listening(bus, *TOPICS) as subscription:
        bus.publish("config")
        assert subscription.wait(SOON)
    assert not bus_directory(deep).exists()


def test_wake_ups_go_on_after_redis_came_back(redis_server: RedisServer) -> None:
    bus = open_bus(redis_server.url, Path("unused"))
    with closing(bus), listening(bus, "events") as subscription:
        redis_server.stop()
        started = time.monotonic()
        for _ in range(100):
            bus.publish("events")
        assert time.monotonic() - started < SOON
        redis_server.start()
        assert wait_until(lambda: publish_and_hear(bus, subscription), what="a wake-up")


def publish_and_hear(bus: Bus, subscription: Subscription) -> bool:
    bus.publish("events")
    return subscription.wait(NEVER)
