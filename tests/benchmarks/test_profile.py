"""The profile: what is made of the tools' output."""

from pathlib import Path

import pytest

from tests.benchmarks import profile_tables
from tests.benchmarks.accounts import Account, Snapshot
from tests.benchmarks.load import Measured
from tests.benchmarks.processes import CpuTime
from tests.benchmarks.stacks import Share, of_associations, parse
from tests.benchmarks.system_calls import SystemCall
from tests.benchmarks.system_calls import parse as parse_calls

_RAW = """run (scp/association.py:90);receive (archive/ingest.py:10);sync (archive/spool.py:5) 60
run (scp/association.py:91);receive (archive/ingest.py:12) 30
serve (scp/listener.py:70) 1000
run (scp/association.py:90);receive (archive/ingest.py:11);sync (archive/spool.py:6) 10
"""

_PERF = """
 Summary of events:

 python (22585), 38350 events, 60.0%

   syscall            calls  errors  total       min       avg       max       stddev
                                     (msec)    (msec)    (msec)    (msec)        (%)
   --------------- --------  ------ -------- --------- --------- ---------     ------
   recvfrom             200      3  500.000     0.011     2.500     0.404      0.29%
   fsync                100      0  400.500     0.011     4.005     0.404      0.29%


 python (22586), 38350 events, 20.0%

   fsync                100      0  599.500     0.011     5.995     0.404      0.29%
   recvfrom               1      0    1.000     0.011     1.000     1.000      0.00%


 python (22587), 10 events, 0.1%

   futex                 10      0 9000.000     0.011   900.000   901.000      0.29%

"""

_STRACE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.060000          10      6000           fsync
 40.00    0.040000          20      2000       150 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    0.100000          12      8000       150 total
"""


def _measured() -> Measured:
    return Measured(instances=100, failures=0, seconds=2.0, ended=0.0, latencies=(0.02,) * 100)


def test_lines_of_one_function_are_one_function() -> None:
    assert parse(_RAW)["scp/association.py run", "archive/ingest.py receive", "archive/spool.py sync"] == 70


def test_only_threads_of_associations_are_counted() -> None:
    stacks = of_associations(parse(_RAW))
    assert sum(stacks.values()) == 100


def test_a_function_has_its_own_time_and_that_of_what_it_calls() -> None:
    shares = Share.of_all(of_associations(parse(_RAW)))
    assert [(share.function, share.own, share.total) for share in shares] == [
        ("archive/spool.py sync", 70, 70),
        ("archive/ingest.py receive", 30, 100),
        ("scp/association.py run", 0, 100),
    ]


def test_system_calls_of_the_threads_that_receive_are_added_up() -> None:
    assert parse_calls(_PERF) == [
        SystemCall(name="fsync", calls=200, seconds=1.0),
        SystemCall(name="recvfrom", calls=201, seconds=0.501),
    ]


def test_strace_is_read_as_well() -> None:
    assert parse_calls(_STRACE) == [
        SystemCall(name="fsync", calls=6000, seconds=0.06),
        SystemCall(name="recvfrom", calls=2000, seconds=0.04),
    ]


def _snapshot(moment: float, *, running: float, wanting: float, used: CpuTime, busy: float) -> Snapshot:
    threads = {1: (running, wanting), 2: (5.0, 0.0)}
    return Snapshot(moment=moment, roles={"dicom": used}, threads=threads, idle=moment, busy=busy)


@pytest.fixture
def account() -> Account:
    before = _snapshot(10.0, running=1.0, wanting=1.0, used=CpuTime(user=1.0, kernel=1.0), busy=10.0)
    after = _snapshot(12.0, running=1.5, wanting=1.2, used=CpuTime(user=1.4, kernel=1.2), busy=12.0)
    return Account.between(before, after)


def test_threads_that_did_nothing_are_not_counted(account: Account) -> None:
    threads = account.threads
    assert threads.threads == 1
    assert (threads.running, threads.wanting_core, threads.waiting) == pytest.approx((0.25, 0.1, 0.65))


def test_what_the_node_did_not_use_others_used(account: Account) -> None:
    assert account.roles["dicom"].seconds == pytest.approx(0.6)
    assert account.others == pytest.approx(1.4)
    assert account.idle == pytest.approx(2.0)


def test_a_snapshot_of_this_process_grows() -> None:
    pid = int(Path("/proc/self").resolve().name)
    roles = {"dicom": [pid]}
    before = Snapshot.take(roles, [pid])
    while Snapshot.take(roles, [pid]).roles["dicom"].seconds <= before.roles["dicom"].seconds:
        pass
    found = Account.between(before, Snapshot.take(roles, [pid]))
    assert found.roles["dicom"].seconds > 0
    assert found.threads.threads >= 1


def test_the_tables_show_costs_of_one_instance(account: Account) -> None:
    assert "| listeners | 4000 µs | 2000 µs | 15% |" in profile_tables.accounts(_measured(), account)
    stacks = of_associations(parse(_RAW))
    functions = profile_tables.functions((_measured(), stacks), (_measured(), stacks))
    assert "| `archive/spool.py sync` | 70.0% | 70.0% | 70.0% |" in functions
    calls = profile_tables.system_calls(_measured(), parse_calls(_PERF), "perf", 4)
    assert "| `fsync` | 2.00 | 5,000 µs | 10,000 µs | 12.5% |" in calls
