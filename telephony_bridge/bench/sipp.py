"""SIPp beside the exchange: citizens who call at a steady pace, and telephones that pick up at once."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from telephony_bridge.asterisk.lab import ADDRESS_OF_CALLERS, ADDRESS_OF_PHONES, Lab

SCENARIOS = Path(__file__).parent / "scenarios"
LONGEST = 300  # seconds; then it ends by itself, whatever happens
AT_ONCE = 2000  # calls that may be open


class Sipp:
    """One process of it. `ended` and `stop` may be called in whatever order."""

    def __init__(self, lab: Lab, scenario: str, at: tuple[str, int], *arguments: str) -> None:
        ip, port = at
        places = ("-i", ip, "-mi", ip, "-p", str(port), "-nostdin", "-aa", "-timeout", f"{LONGEST}s")
        self.process = subprocess.Popen(
            lab.command("bin/sipp", "-sf", str(SCENARIOS / scenario), *places, *arguments),
            cwd=lab.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def ended(self, within: float) -> bool:
        """Whether all its calls are over, waiting at most so many seconds for that."""
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """At once: it says goodbye to nobody."""
        self.process.kill()
        self.process.wait()


def callers(lab: Lab, numbers: Sequence[str], *, per_second: float, give_up: bool = False) -> Sipp:
    """Somebody for each of `numbers`, in this order, who stays until an agent hangs up, or with `give_up` for eight seconds."""
    table = lab.folder / "numbers.csv"
    table.write_text("SEQUENTIAL\n" + "".join(f"{number}\n" for number in numbers), encoding="ascii")
    pace = ("-r", str(round(per_second * 10)), "-rp", "10000", "-m", str(len(numbers)), "-l", str(AT_ONCE))
    target = f"127.0.0.1:{lab.ports.sip}"
    scenario = "impatient.xml" if give_up else "caller.xml"
    return Sipp(lab, scenario, (ADDRESS_OF_CALLERS, lab.ports.trunk), "-inf", str(table), *pace, target)


def telephones(lab: Lab, *, talk: float) -> Sipp:
    """All telephones of the exchange; each talk takes `talk` seconds, then the agent hangs up."""
    return Sipp(lab, "agent.xml", (ADDRESS_OF_PHONES, lab.ports.phones), "-d", str(round(talk * 1000)))
