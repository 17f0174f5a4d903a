"""The distribution, simulated: it is true to the formula where there is one, and no municipality waits longer than another (docs/adr/0112)."""

import json
from datetime import timedelta
from itertools import pairwise
from math import exp
from statistics import mean, stdev

import pytest
from click.testing import CliRunner
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony_bridge.routing.pool import Pool
from telephony_bridge.routing.simulation import recorded
from telephony_bridge.routing.simulation.cli import simulate
from telephony_bridge.routing.simulation.figures import by_municipality, figures, kept, occupancy, percentile, ratio
from telephony_bridge.routing.simulation.run import Run
from telephony_bridge.routing.simulation.scenario import Caller, Scenario, callers
from tenants.errors import Refusal

TEN_TO_ONE = {"gross": 100.0, "klein": 10.0}


class ByTurns(Pool):
    """The rule that was refused: the municipality whose turn is longest ago comes next."""

    def __init__(self):
        super().__init__()
        self.turns, self.last_turn = {}, 0

    def order(self):
        return sorted(super().order(), key=lambda call: self.turns.get(self.places[call].wants.municipality, 0))

    def _pair(self, call, agent):
        self.last_turn += 1
        self.turns[self.places[call].wants.municipality] = self.last_turn
        return super()._pair(call, agent)


def waits(run):
    return {name: one.mean for name, one in by_municipality(run).items()}


# True to the formula


def erlang_c(agents, load):
    """The share of callers who wait in M/M/c: A. K. Erlang 1917; here by the recursion of his B formula, B(n) = aB(n-1) / (n + aB(n-1))."""
    blocked = 1.0
    for number in range(1, agents + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / agents * (1 - blocked))


def test_the_formula_gives_the_golden_case():
    """100 calls in 30 min, 3 min each, 14 agents."""
    assert erlang_c(14, 10.0) == pytest.approx(0.17413, abs=5e-6)


def agrees(values, expected):
    """Within four standard errors of the mean of independent runs, which are small enough to say something."""
    error = stdev(values) / len(values) ** 0.5
    return abs(mean(values) - expected) < 4 * error < 0.35 * expected


def test_where_nobody_hangs_up_it_is_the_queue_of_erlang():
    runs = [
        Run(Scenario({"soest": 200.0}, 14, talk=180.0, wrap_up=0.0, patience=None, hours=61.0, seed=seed))()
        for seed in range(10)
    ]
    waited = erlang_c(14, 10.0)
    told = [figures(run.served) for run in runs]
    shares = [sum(caller.waited > 0 for caller in run.served) / len(run.served) for run in runs]
    assert agrees(shares, waited)
    assert agrees([one.in_time for one in told], 1 - waited * exp(-(14 - 10) * 20 / 180))
    assert agrees([one.mean for one in told], waited * 180 / (14 - 10))
    assert agrees([occupancy(run)[0] for run in runs], 10 / 14)
    assert mean(kept(run.served) for run in runs) > 0.8


# No municipality waits longer than another


@pytest.mark.parametrize("patience", [300.0, None])
@pytest.mark.parametrize("seed", [1, 2])
def test_ten_calls_to_one_wait_alike(patience, seed):
    run = Run(Scenario(TEN_TO_ONE, 7, patience=patience, hours=200.0, seed=seed))()
    assert ratio(waits(run).values()) < 1.2


def test_also_where_less_than_half_of_the_team_is_trained_for_the_small_one():
    run = Run(Scenario(TEN_TO_ONE, 7, trained={"klein": 3}, hours=200.0))()
    assert ratio(waits(run).values()) < 1.2


def test_turns_would_let_the_large_one_wait_longer():
    found = waits(Run(Scenario(TEN_TO_ONE, 7, hours=100.0), ByTurns())())
    assert found["gross"] > 1.2 * found["klein"]


def test_without_a_bound_for_training_the_small_one_would_wait_longer():
    scenario = Scenario(TEN_TO_ONE, 7, trained={"klein": 3}, hours=100.0)
    found = waits(Run(scenario, Pool(suited_within=float("inf")))())
    assert found["klein"] > 1.2 * found["gross"]


def test_a_flood_from_one_makes_all_wait_alike():
    """Twice as many calls as seven can take: who is patient enough gets a turn, whoever is called."""
    run = Run(Scenario({"gross": 200.0, "klein": 10.0}, 7, hours=100.0))()
    assert ratio(waits(run).values()) < 1.2
    assert min(one.answered / one.calls for one in by_municipality(run).values()) > 0.5


def test_who_has_priority_waits_less():
    found = waits(Run(Scenario({"soest": 50.0, "notfall": 50.0}, 7, priorities={"notfall": 1}, hours=100.0))())
    assert found["notfall"] < 0.7 * found["soest"]


def test_all_agents_work_alike():
    _mean, least, most = occupancy(Run(Scenario(TEN_TO_ONE, 7, hours=100.0))())
    assert most < 1.05 * least


# Whatever is simulated


SCENARIOS = st.builds(
    Scenario,
    st.dictionaries(st.sampled_from(["soest", "werl", "ense"]), st.floats(0.5, 60.0), min_size=1),
    st.integers(1, 6),
    talk=st.floats(5.0, 400.0),
    wrap_up=st.floats(0.0, 60.0),
    patience=st.floats(1.0, 600.0),
    trained=st.just({}) | st.just({"soest": 1}) | st.just({"soest": 0, "werl": 2}),
    hours=st.just(2.0),
    warm_up=st.just(0.0),
    seed=st.integers(0, 2**32),
)


@settings(max_examples=60, deadline=None)
@given(SCENARIOS)
def test_everybody_is_answered_or_hangs_up_once(scenario):
    run = Run(scenario)()
    assert [caller.id for caller in run.served] == sorted({caller.id for caller in run.served}, key=by_came(run))
    assert sum(1 for name in scenario.loads for _caller in callers(scenario, name)) == len(run.served)
    for caller in run.served:
        assert caller.waited is not None
        assert 0 <= caller.waited <= caller.patience + 1e-6
        assert caller.answered == (caller.waited < caller.patience - 1e-6)
    assert run.pool.waiting == run.pool.places == {}
    assert run.pool.taken == set()
    assert sorted(run.pool.free) == sorted(f"agent{number}" for number in range(scenario.agents))


def by_came(run):
    came = {caller.id: caller.came for caller in run.served}
    return came.__getitem__


@settings(max_examples=60, deadline=None)
@given(SCENARIOS)
def test_never_do_more_talk_than_there_are_agents(scenario):
    run = Run(scenario)()
    moments = []
    for caller in run.served:
        if caller.answered:
            begin = caller.came + caller.waited
            moments += [(begin, 1), (begin + caller.talk + caller.wrap_up, -1)]
    talking = 0
    for time, change in sorted((round(time, 6), change) for time, change in moments):
        talking += change
        assert talking <= scenario.agents, time


def test_whoever_waits_is_answered_in_the_order_in_which_they_came():
    run = Run(Scenario(TEN_TO_ONE, 7, patience=None, hours=30.0))()
    answered = [caller.came + caller.waited for caller in run.served]
    assert all(first <= second for first, second in pairwise(answered))


def test_the_same_seed_gives_the_same_and_another_rule_has_the_same_callers():
    scenario = Scenario(TEN_TO_ONE, 7, hours=10.0)
    first, second, other = Run(scenario)(), Run(scenario)(), Run(scenario, ByTurns())()
    assert first.served == second.served
    assert first.served != other.served
    assert [(one.id, one.came, one.talk) for one in first.served] == [
        (one.id, one.came, one.talk) for one in other.served
    ]


# Figures


def caller(waited, answered=True, announced=None):
    return Caller("c", "soest", 0.0, 1.0, 1.0, None, waited=waited, answered=answered, announced=announced)


def test_figures_of_some_callers():
    told = figures([caller(0.0), caller(20.0), caller(10.0, answered=False), caller(90.0)])
    assert (told.calls, told.answered, told.abandoned) == (4, 3, 1)
    assert (told.mean, told.p50, told.p95, told.in_time) == (30.0, 10.0, 90.0, 0.5)


def test_figures_of_nobody():
    told = figures([])
    assert (told.calls, told.mean, told.p95, told.in_time) == (0, 0.0, 0.0, 0.0)
    assert kept([]) is None
    assert ratio([]) is ratio([0.0, 3.0]) is None


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1.0))
def test_so_many_do_not_exceed_a_percentile(values, share):
    found = percentile(sorted(values), share)
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert sum(value < found for value in values) < share * len(values)


def test_an_announcement_is_kept_by_who_waited_no_longer():
    told = [caller(10.0, announced=20.0), caller(30.0, announced=20.0), caller(0.0), caller(5.0, False, 9.0)]
    assert kept(told) == 0.5


# The command


def command(*arguments):
    return CliRunner().invoke(simulate, arguments, catch_exceptions=False)


def test_the_command_prints_a_table():
    done = command("--hours", "5", "--load", "Soest=40", "--load", "Möhnesee=4,5")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[0].split()[:4] == ["Kommune", "Anrufe", "angenommen", "aufgelegt"]
    assert [line.split()[0] for line in lines[1:3]] == ["Soest", "Möhnesee"]
    assert "Längste durch kürzeste mittlere Wartezeit" in done.output or "Auslastung" in done.output


def test_the_command_prints_json_and_twice_the_same():
    arguments = ("--hours", "20", "--seed", "7", "--trained", "klein=2", "--json")
    done = command(*arguments)
    told = json.loads(done.output)
    assert set(told["municipalities"]) == {"gross", "klein"}
    assert told["municipalities"]["gross"]["calls"] > told["municipalities"]["klein"]["calls"]
    assert told["scenario"]["trained"] == {"klein": 2}
    assert command(*arguments).output == done.output


@pytest.mark.parametrize("load", ["soest", "=3", "soest=", "soest=-1", "soest=1=2", "soest=nan", "soest=inf"])
def test_what_is_no_load_is_refused(load):
    done = command("--load", load)
    assert done.exit_code == 2
    assert "kommune=zahl" in done.output


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--patience", "0", "--agents", "3"), "immer länger"),
        (("--load", "werl=0"), "mehr als 0"),
        (("--trained", "werl=1"), "werl"),
        (("--priority", "werl=1"), "werl"),
        (("--hours", "1000000"), "zu viele"),
    ],
)
def test_what_means_nothing_is_refused_in_a_sentence(arguments, reason):
    with pytest.raises(Refusal, match=reason):
        command(*arguments)


def test_the_load_of_a_centre_is_counted(soest, ring):
    """Two hours in which somebody called, 90 calls in one and 30 in the other; what is older than four weeks does not count."""
    begin = timezone.now().replace(minute=0, second=0, microsecond=0)
    for number in range(120):
        ring(ringing_at=begin - timedelta(hours=1 if number < 90 else 49))
    ring(ringing_at=begin - timedelta(days=40))
    ring(municipality=None)
    assert recorded.loads(soest.centre.slug) == {soest.slug: 60.0}
    told = json.loads(command("--centre", soest.centre.slug, "--agents", "5", "--hours", "5", "--json").output)
    assert told["scenario"]["loads"] == {soest.slug: 60.0}


def test_of_few_calls_nothing_is_concluded(soest, ring):
    ring()
    with pytest.raises(Refusal, match="zu wenige"):
        command("--centre", soest.centre.slug)


def test_a_centre_that_is_not_there_is_named(soest):
    with pytest.raises(Refusal, match="„werl“ gibt es nicht"):
        command("--centre", "werl")
